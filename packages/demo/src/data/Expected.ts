/** The sizes of the demo's contents, computed once from the definitions and written as literals. */
import type { Usage } from "@gitlab-registry-usage/core"

/**
 * Sizes in bytes, as `Usage.Sizes` defines them.
 */
export interface ExpectedSizes {
  readonly size: number
  readonly diskSize: number
  readonly uniqueSize: number
}

/** The sizes of the registry, and of each repository by name: `null` for an unreadable one. */
export interface ExpectedUsage {
  readonly total: ExpectedSizes
  readonly repositories: Readonly<Record<string, ExpectedSizes | null>>
}

const sizes = (size: number, diskSize: number, uniqueSize: number): ExpectedSizes => ({ size, diskSize, uniqueSize })

/** All stored blobs: layers, configs, manifests, and the children of indexes. */
export const all: ExpectedUsage = {
  total: sizes(85_391_181, 2_833_359, 2_833_359),
  repositories: {
    "acme/shop/api": sizes(2_613_760, 556_320, 514_320),
    "acme/shop/cache": sizes(771_094, 491_094, 191_094),
    "acme/shop/chart": sizes(28_950, 28_950, 28_950),
    "acme/shop/empty": sizes(0, 0, 0),
    "acme/shop/web": sizes(2_340_043, 196_378, 196_378),
    "acme/shop/web/nightly": sizes(75_167_880, 475_092, 475_092),
    "acme/vault/secrets": null,
    "group/tags/inner": sizes(601_742, 20_871, 20_871),
    "library/base/debian": sizes(561_258, 280_629, 0),
    "library/base/node": sizes(1_619_800, 717_800, 0),
    "library/tools/bundle": sizes(1_340_440, 640, 640),
    "library/tools/portable": sizes(346_214, 65_585, 65_585)
  }
}

/** Layers only, as in the accounting `layers`. */
export const layers: ExpectedUsage = {
  total: sizes(85_189_102, 2_660_676, 2_660_676),
  repositories: {
    "acme/shop/api": sizes(2_608_000, 552_000, 510_000),
    "acme/shop/cache": sizes(770_000, 490_000, 190_000),
    "acme/shop/chart": sizes(28_000, 28_000, 28_000),
    "acme/shop/empty": sizes(0, 0, 0),
    "acme/shop/web": sizes(2_334_250, 192_250, 192_250),
    "acme/shop/web/nightly": sizes(75_000_000, 324_000, 324_000),
    "acme/vault/secrets": null,
    "group/tags/inner": sizes(600_000, 20_000, 20_000),
    "library/base/debian": sizes(560_000, 280_000, 0),
    "library/base/node": sizes(1_612_426, 710_426, 0),
    "library/tools/bundle": sizes(1_332_426, 0, 0),
    "library/tools/portable": sizes(344_000, 64_000, 64_000)
  }
}

/**
 * The expected sizes by accounting.
 */
export const byAccounting: Readonly<Record<Usage.Accounting, ExpectedUsage>> = { all, layers }
