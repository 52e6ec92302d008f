/**
 * A snapshot as OpenMetrics text, or in the older text format of Prometheus.
 *
 * Source: OpenMetrics 1.0, "Text format".
 *
 * @since 0.1.0
 */
import { tagCount } from "../inventory/Inventory.ts"
import * as OptionRange from "../text/OptionRange.ts"
import { timestamp, type Snapshot } from "../snapshot/Snapshot.ts"
import { repositorySizes, type Sizes, sumSizes, tagSizes, total } from "../usage/Usage.ts"

/**
 * Samples of one metric family. With the type `info` the sample's name ends with `_info`, with `counter` with `_total`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Family {
  /** Without the prefix. With a unit it ends with that. */
  readonly name: string
  readonly type: "gauge" | "counter" | "info"
  readonly unit?: string | undefined
  readonly help: string
  readonly samples: ReadonlyArray<{ readonly labels?: Readonly<Record<string, string>>; readonly value: number }>
}

/**
 * The prefix of all names; `registry_` belongs to GitLab's registry itself.
 *
 * @category constants
 * @since 0.1.0
 */
export const prefix = "gitlab_registry_usage_"

const escape = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')

/** What the name of a sample has behind the name of its family. */
const suffixes = { gauge: "", counter: "_total", info: "_info" } as const

/** The line of a sample. */
const sample = ({ name, type }: Family, { labels = {}, value }: Family["samples"][number]): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`)
  return `${prefix}${name}${suffixes[type]}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`
}

/**
 * The families as a whole exposition, which ends with `# EOF`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (families: ReadonlyArray<Family>): string =>
  [
    ...families.flatMap((family) => [
      `# TYPE ${prefix}${family.name} ${family.type}`,
      ...(family.unit === undefined ? [] : [`# UNIT ${prefix}${family.name} ${family.unit}`]),
      `# HELP ${prefix}${family.name} ${escape(family.help)}`,
      ...family.samples.map((one) => sample(family, one))
    ]),
    "# EOF\n"
  ].join("\n")

/** The older format has no infos. */
const olderTypes = { gauge: "gauge", counter: "counter", info: "gauge" } as const

/** In a help text of the older format a quotation mark stands for itself. */
const escapeHelp = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

/**
 * The families in the text format 0.0.4 of Prometheus, for scrapers that do not read OpenMetrics. It has neither units nor
 * an end, a family has the name of its samples, and one without samples is left out.
 *
 * Source: Prometheus, "Exposition formats".
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderOlder = (families: ReadonlyArray<Family>): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .flatMap((family) => {
      const name = `${prefix}${family.name}${suffixes[family.type]}`
      return [
        `# HELP ${name} ${escapeHelp(family.help)}\n`,
        `# TYPE ${name} ${olderTypes[family.type]}\n`,
        ...family.samples.map((one) => `${sample(family, one)}\n`)
      ]
    })
    .join("")

/** @category options @since 0.1.0 */
export interface Options {
  /** Series of repositories at most: the largest have their own, the others go into `repository="_other"`; 0: none. */
  readonly maxRepositories?: number | undefined
  /** Whether there is a series for each tag. Default `false`. */
  readonly tags?: boolean | undefined
  /** Whether there are the time and the duration of the crawl, which change every time. Default `true`. */
  readonly times?: boolean | undefined
}

/** Repositories or tags, by the labels of their samples. */
interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly tags: number
  readonly sizes: Sizes
}

const gauge = (name: string, help: string, samples: Family["samples"], unit?: string): Family => ({
  name,
  type: "gauge",
  unit,
  help,
  samples
})

const bytes = (name: string, help: string, samples: Family["samples"]) => gauge(name, help, samples, "bytes")

const one = (value: number): Family["samples"] => [{ value }]

/** A size that is not known is not 0: there is no sample. */
const known = (value: number | undefined): Family["samples"] => (value === undefined ? [] : one(value))

const each = (series: ReadonlyArray<Series>, valueOf: (series: Series) => number): Family["samples"] =>
  series.map((one) => ({ labels: one.labels, value: valueOf(one) }))

/** The largest repositories have series of their own, the others one together. */
const repositorySeries = ({ usage }: Snapshot, limit: number): ReadonlyArray<Series> => {
  const all = usage.inventory.repositories.flatMap(({ name, tagNames }, r): ReadonlyArray<Series> => {
    const sizes = repositorySizes(usage, r)
    return sizes === undefined ? [] : [{ labels: { repository: name }, tags: tagNames.length, sizes }]
  })
  if (limit === 0 || all.length <= limit) return limit === 0 ? [] : all
  const large = new Set(all.toSorted((a, b) => b.sizes.diskSize - a.sizes.diskSize).slice(0, limit))
  const [others, own] = [all.filter((series) => !large.has(series)), all.filter((series) => large.has(series))]
  const tags = others.reduce((sum, { tags }) => sum + tags, 0)
  return [...own, { labels: { repository: "_other" }, tags, sizes: sumSizes(others.map(({ sizes }) => sizes)) }]
}

const tagSeries = ({ usage }: Snapshot): ReadonlyArray<Series> =>
  usage.inventory.repositories.flatMap(({ name, tagNames }, r) =>
    tagNames.flatMap((tag, i) => {
      const sizes = tagSizes(usage, usage.tagStarts[r]! + i)
      return sizes === undefined ? [] : [{ labels: { repository: name, tag }, tags: 1, sizes }]
    })
  )

const tagFamilies = (series: ReadonlyArray<Series>): ReadonlyArray<Family> => [
  bytes(
    "tag_size_bytes",
    "Bytes that the tag reaches, each blob once.",
    each(series, ({ sizes }) => sizes.size)
  ),
  bytes(
    "tag_disk_bytes",
    "Bytes that the tag is charged with.",
    each(series, ({ sizes }) => sizes.diskSize)
  ),
  bytes(
    "tag_unique_bytes",
    "Bytes that deleting the tag alone would free.",
    each(series, ({ sizes }) => sizes.uniqueSize)
  )
]

const repositoryFamilies = (series: ReadonlyArray<Series>): ReadonlyArray<Family> => [
  bytes(
    "repository_size_bytes",
    "Bytes of the repository's tags.",
    each(series, ({ sizes }) => sizes.size)
  ),
  bytes(
    "repository_disk_bytes",
    "Bytes that the repository is charged with; the sum over all is disk_bytes.",
    each(series, ({ sizes }) => sizes.diskSize)
  ),
  bytes(
    "repository_unique_bytes",
    "Bytes that deleting the repository alone would free.",
    each(series, ({ sizes }) => sizes.uniqueSize)
  ),
  gauge(
    "repository_tags",
    "Tags of the repository.",
    each(series, ({ tags }) => tags)
  )
]

const timeFamilies = (snapshot: Snapshot): ReadonlyArray<Family> => [
  gauge("last_success_timestamp_seconds", "When the numbers were read.", one(timestamp(snapshot)), "seconds"),
  gauge("collection_duration_seconds", "How long it took to read them.", one(snapshot.duration / 1000), "seconds")
]

/**
 * The figures of a snapshot as metric families.
 *
 * @category rendering
 * @since 0.1.0
 */
export const families = (snapshot: Snapshot, options: Options = {}): ReadonlyArray<Family> => {
  const { maxRepositories } = options
  OptionRange.check("OpenMetrics", { maxRepositories: [maxRepositories, OptionRange.whole(0)] })
  const { inventory } = snapshot.usage
  const sizes = total(snapshot.usage)
  const unreadable = inventory.repositories.filter((_, r) => repositorySizes(snapshot.usage, r) === undefined)
  return [
    bytes("size_bytes", "Bytes of all tags, shared ones counted for each.", known(sizes?.size)),
    bytes("disk_bytes", "Bytes that all tags need on disk, each blob once.", known(sizes?.diskSize)),
    gauge("repositories", "Repositories.", one(inventory.repositories.length)),
    gauge(
      "repositories_unreadable",
      "Repositories that could not be read; no size includes them.",
      one(unreadable.length)
    ),
    gauge("tags", "Tags.", one(tagCount(inventory))),
    gauge("gaps", "What could not be read, or was left out.", one(inventory.gaps.length)),
    ...repositoryFamilies(repositorySeries(snapshot, maxRepositories ?? Number.POSITIVE_INFINITY)),
    ...(options.tags === true ? tagFamilies(tagSeries(snapshot)) : []),
    ...(options.times === false ? [] : timeFamilies(snapshot))
  ].filter(({ samples }) => samples.length > 0)
}
