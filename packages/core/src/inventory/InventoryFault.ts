/**
 * Contradictions in an inventory that was stored: a file or a database can hold anything.
 *
 * @since 0.1.0
 */
import { isBytes } from "../registry/Bytes.ts"
import { isRepositoryName, isTagName } from "../registry/Names.ts"
import { type Inventory, Role, SizeSource, State } from "./Inventory.ts"
import type { Sliced } from "./TimeSlices.ts"
import { unfoldedSize } from "./UnfoldedSize.ts"

type Numbers = Uint8Array | Uint16Array | Uint32Array

const areBelow = (values: Numbers, limit: number): boolean => {
  for (let at = 0; at < values.length; at++) if (values[at]! >= limit) return false
  return true
}

const areSizes = (values: Float64Array): boolean => {
  for (let at = 0; at < values.length; at++) if (!isBytes(values[at])) return false
  return true
}

/** Whether `starts` has one more entry than `rows`, begins at 0, never decreases, and ends at the number of values. */
const areStarts = (starts: Uint32Array, rows: number, values: Numbers): boolean => {
  if (starts.length !== rows + 1 || starts[0] !== 0 || starts[rows] !== values.length) return false
  for (let row = 0; row < rows; row++) if (starts[row]! > starts[row + 1]!) return false
  return true
}

/** Whether no number occurs twice; all are below the limit. */
const areDistinct = (values: Uint32Array, limit: number): boolean => {
  const met = new Uint8Array(limit)
  return values.every((value) => met[value] === 0 && (met[value] = 1))
}

/** Whether no text occurs twice. Texts in ascending order, as registries list them, need no set. */
const areDistinctTexts = (texts: ReadonlyArray<string>): boolean =>
  texts.every((text, at) => at === 0 || texts[at - 1]! < text) || new Set(texts).size === texts.length

const areManifests = (values: Int32Array, count: number): boolean => {
  for (let at = 0; at < values.length; at++) if (values[at]! < -1 || values[at]! >= count) return false
  return true
}

/** A builder numbers media types to here, and gives all others this number, which has no name. */
const lastMediaType = 0xffff

/** Measuring may visit so much for each row of the inventory, or so much in all. */
const visitsForEach = 128
const visits = 2 ** 24

const rowCount = ({ blobs, manifests, repositories }: Inventory): number =>
  repositories.reduce(
    (sum, { tagManifests }) => sum + tagManifests.length,
    blobs.sizes.length + manifests.blobs.length + manifests.references.length + manifests.children.length
  )

/** In this order: a check may rely on those before it. */
const checks: ReadonlyArray<readonly [fault: string, holds: (inventory: Inventory) => boolean]> = [
  ["it has not one size for each digest", ({ blobs }) => blobs.sizes.length === blobs.digests.length],
  ["the sizes differ in number from their sources", ({ blobs }) => blobs.sources.length === blobs.sizes.length],
  ["a source of a size is unknown", ({ blobs }) => areBelow(blobs.sources, Math.max(...Object.values(SizeSource)) + 1)],
  ["a size is not a number of bytes", ({ blobs }) => areSizes(blobs.sizes)],
  ["a manifest is not among the blobs", ({ blobs, manifests }) => areBelow(manifests.blobs, blobs.sizes.length)],
  ["two manifests are the same blob", ({ blobs, manifests }) => areDistinct(manifests.blobs, blobs.sizes.length)],
  [
    "the manifests differ in number from their states or media types",
    ({ manifests: { blobs, mediaTypes, states } }) =>
      states.length === blobs.length && mediaTypes.length === blobs.length
  ],
  ["a state is unknown", ({ manifests }) => areBelow(manifests.states, Math.max(...Object.values(State)) + 1)],
  [
    "a media type has no name",
    ({ manifests: { mediaTypeNames, mediaTypes } }) =>
      areBelow(mediaTypes, mediaTypeNames.length === lastMediaType ? lastMediaType + 1 : mediaTypeNames.length)
  ],
  [
    "the references are not in the order of the manifests",
    ({ manifests }) => areStarts(manifests.referenceStarts, manifests.blobs.length, manifests.references)
  ],
  ["a reference is not among the blobs", ({ blobs, manifests }) => areBelow(manifests.references, blobs.sizes.length)],
  [
    "the references differ in number from their roles",
    ({ manifests }) => manifests.roles.length === manifests.references.length
  ],
  ["a role is unknown", ({ manifests }) => areBelow(manifests.roles, Math.max(...Object.values(Role)) + 1)],
  [
    "the children are not in the order of the manifests",
    ({ manifests }) => areStarts(manifests.childStarts, manifests.blobs.length, manifests.children)
  ],
  ["a child is not among the manifests", ({ manifests }) => areBelow(manifests.children, manifests.blobs.length)],
  [
    "the children differ in number from their attestations",
    ({ manifests }) => manifests.attestations.length === manifests.children.length
  ],
  ["a child is neither an attestation nor none", ({ manifests }) => areBelow(manifests.attestations, 2)],
  [
    "a repository has not one manifest for each tag",
    ({ repositories }) => repositories.every(({ tagManifests, tagNames }) => tagManifests.length === tagNames.length)
  ],
  [
    "a tag is of no manifest",
    ({ manifests, repositories }) =>
      repositories.every(({ tagManifests }) => areManifests(tagManifests, manifests.blobs.length))
  ],
  [
    "a name of a repository is not valid",
    ({ repositories }) => repositories.every(({ name }) => isRepositoryName(name))
  ],
  ["two repositories have the same name", ({ repositories }) => areDistinctTexts(repositories.map(({ name }) => name))],
  [
    "a name of a tag is not valid",
    ({ repositories }) => repositories.every(({ tagNames }) => tagNames.every(isTagName))
  ],
  [
    "two tags of a repository have the same name",
    ({ repositories }) => repositories.every(({ tagNames }) => areDistinctTexts(tagNames))
  ],
  [
    "its indexes share more than can be measured",
    (inventory) => unfoldedSize(inventory) <= Math.max(visits, visitsForEach * rowCount(inventory))
  ]
]

/**
 * What contradicts itself in an inventory, or `undefined`. An inventory without a fault is measured in a time and a
 * memory that grow with its size alone.
 *
 * @category validation
 * @since 0.1.0
 */
export function* faultOf(inventory: Inventory): Sliced<string | undefined> {
  for (const [fault, holds] of checks) {
    yield
    if (!holds(inventory)) return fault
  }
  return undefined
}
