/**
 * A snapshot as OpenMetrics text.
 *
 * Source: OpenMetrics 1.0, "Text format".
 *
 * @since 0.1.0
 */
import { tagCount } from "../inventory/Inventory.ts"
import { timestamp, type Snapshot } from "../snapshot/Snapshot.ts"
import { repositorySizes, tagSizes, total } from "../usage/Usage.ts"

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

const suffixes = { gauge: "", counter: "_total", info: "_info" } as const

/**
 * The families as a whole exposition, which ends with `# EOF`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (families: ReadonlyArray<Family>): string =>
  [
    ...families.flatMap(({ help, name, samples, type, unit }) => [
      `# TYPE ${prefix}${name} ${type}`,
      ...(unit === undefined ? [] : [`# UNIT ${prefix}${name} ${unit}`]),
      `# HELP ${prefix}${name} ${escape(help)}`,
      ...samples.map(({ labels = {}, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`)
        return `${prefix}${name}${suffixes[type]}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`
      })
    ]),
    "# EOF\n"
  ].join("\n")

/** @category options @since 0.1.0 */
export interface Options {
  /** Series of repositories at most: the largest have their own, the others go into `repository="_other"`; 0: none. */
  readonly maxRepositories?: number | undefined
  /** Whether there is a series for each tag. Default `false`. */
  readonly tags?: boolean | undefined
  /** Whether the time and length of the crawl are told, which change every time. Default `true`. */
  readonly times?: boolean | undefined
}

interface Series {
  readonly name: string
  readonly tags: number
  readonly size: number
  readonly disk: number
  readonly unique: number
}

const other = (series: ReadonlyArray<Series>): ReadonlyArray<Series> =>
  series.length === 0
    ? []
    : [
        series.reduce(
          (sum, { disk, size, tags, unique }) => ({
            name: "_other",
            tags: sum.tags + tags,
            size: sum.size + size,
            disk: sum.disk + disk,
            unique: sum.unique + unique
          }),
          { name: "_other", tags: 0, size: 0, disk: 0, unique: 0 }
        )
      ]

const repositorySeries = ({ usage }: Snapshot, limit: number): ReadonlyArray<Series> => {
  const all = usage.inventory.repositories.flatMap(({ name, tagNames }, r): ReadonlyArray<Series> => {
    const sizes = repositorySizes(usage, r)
    // A size that is not known is not 0: there is no sample.
    return sizes === undefined
      ? []
      : [{ name, tags: tagNames.length, size: sizes.size, disk: sizes.diskSize, unique: sizes.uniqueSize }]
  })
  if (limit === 0) return []
  if (all.length <= limit) return all
  const large = new Set(all.toSorted((a, b) => b.disk - a.disk).slice(0, limit))
  return [...all.filter((series) => large.has(series)), ...other(all.filter((series) => !large.has(series)))]
}

const tagFamilies = ({ usage }: Snapshot): ReadonlyArray<Family> => {
  const tags = usage.inventory.repositories.flatMap(({ name, tagNames }, r) =>
    tagNames.flatMap((tag, i) => {
      const sizes = tagSizes(usage, usage.tagStarts[r]! + i)
      return sizes === undefined ? [] : [{ labels: { repository: name, tag }, sizes }]
    })
  )
  const family = (name: string, help: string, of: "size" | "diskSize" | "uniqueSize"): Family => ({
    name,
    type: "gauge",
    unit: "bytes",
    help,
    samples: tags.map(({ labels, sizes }) => ({ labels, value: sizes[of] }))
  })
  return [
    family("tag_size_bytes", "Bytes that the tag reaches, each blob once.", "size"),
    family("tag_disk_bytes", "Bytes that the tag is charged with.", "diskSize"),
    family("tag_unique_bytes", "Bytes that deleting the tag alone would free.", "uniqueSize")
  ]
}

/**
 * What a snapshot says, as metric families.
 *
 * @category rendering
 * @since 0.1.0
 */
export const families = (snapshot: Snapshot, options: Options = {}): ReadonlyArray<Family> => {
  const { inventory } = snapshot.usage
  const { diskSize, size } = total(snapshot.usage)
  const series = repositorySeries(snapshot, options.maxRepositories ?? Number.POSITIVE_INFINITY)
  const unreadable = inventory.repositories.filter((_, r) => repositorySizes(snapshot.usage, r) === undefined)
  const bytes = { type: "gauge", unit: "bytes" } as const
  const one = (value: number) => [{ value }]
  const isWanted = ({ samples }: Family) => samples.length > 0
  const each = (of: (series: Series) => number) =>
    series.map((series) => ({ labels: { repository: series.name }, value: of(series) }))
  const all: ReadonlyArray<Family> = [
    { name: "size_bytes", ...bytes, help: "Bytes of all tags, shared ones counted for each.", samples: one(size) },
    { name: "disk_bytes", ...bytes, help: "Bytes that all tags need on disk, each blob once.", samples: one(diskSize) },
    { name: "repositories", type: "gauge", help: "Repositories.", samples: one(inventory.repositories.length) },
    {
      name: "repositories_unreadable",
      type: "gauge",
      help: "Repositories that could not be read; no size includes them.",
      samples: one(unreadable.length)
    },
    { name: "tags", type: "gauge", help: "Tags.", samples: one(tagCount(inventory)) },
    { name: "repository_size_bytes", ...bytes, help: "Bytes of the repository's tags.", samples: each((s) => s.size) },
    {
      name: "repository_disk_bytes",
      ...bytes,
      help: "Bytes that the repository is charged with; the sum over all is disk_bytes.",
      samples: each((s) => s.disk)
    },
    {
      name: "repository_unique_bytes",
      ...bytes,
      help: "Bytes that deleting the repository alone would free.",
      samples: each((s) => s.unique)
    },
    { name: "repository_tags", type: "gauge", help: "Tags of the repository.", samples: each((s) => s.tags) },
    ...(options.tags === true ? tagFamilies(snapshot) : []),
    ...(options.times === false
      ? []
      : [
          {
            name: "last_success_timestamp_seconds",
            type: "gauge",
            unit: "seconds",
            help: "When the numbers were read.",
            samples: one(timestamp(snapshot))
          } as const,
          {
            name: "collection_duration_seconds",
            type: "gauge",
            unit: "seconds",
            help: "How long it took to read them.",
            samples: one(snapshot.duration / 1000)
          } as const
        ])
  ]
  return all.filter(isWanted)
}
