/**
 * Figures over time as OpenMetrics text with timestamps, as `promtool tsdb create-blocks-from openmetrics` reads them.
 *
 * Source: OpenMetrics 1.0, "Text format".
 *
 * @since 0.1.0
 */
import { type History, OpenMetrics } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import type { Seen } from "../history/HistorySource.ts"

interface Family {
  readonly name: string
  readonly help: string
  readonly of: (figures: History.Figures) => number | undefined
}

const families: ReadonlyArray<Family> = [
  { name: "size_bytes", help: "Bytes of all tags, shared ones counted for each.", of: ({ sizes }) => sizes?.size },
  { name: "disk_bytes", help: "Bytes on disk that are charged to it.", of: ({ sizes }) => sizes?.diskSize },
  { name: "unique_bytes", help: "Bytes that deleting it alone would free.", of: ({ sizes }) => sizes?.uniqueSize },
  { name: "tags", help: "Tags.", of: ({ tags }) => tags }
]

const escape = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')

/** The names are those of the server's metrics: of the registry without a prefix, else with a label. */
const named = ({ _tag, path }: History.Entity): readonly [prefix: string, labels: string] => {
  if (path === "") return ["", ""]
  const kind = _tag === "Repository" ? "repository" : "namespace"
  return [`${kind}_`, `{${kind}="${escape(path)}"}`]
}

/**
 * What was not known at an instant has no sample there.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (subject: History.Entity, points: ReadonlyArray<Seen>): string => {
  const [prefix, labels] = named(subject)
  return [
    ...families.flatMap(({ help, name, of }) => {
      const metric = `${OpenMetrics.prefix}${prefix}${name}`
      return [
        `# TYPE ${metric} gauge`,
        ...(name.endsWith("_bytes") ? [`# UNIT ${metric} bytes`] : []),
        `# HELP ${metric} ${help}`,
        ...points.flatMap(({ figures, takenAt }) => {
          const value = of(figures)
          return value === undefined ? [] : [`${metric}${labels} ${value} ${DateTime.toEpochMillis(takenAt) / 1000}`]
        })
      ]
    }),
    "# EOF\n"
  ].join("\n")
}
