/** Rows as comma-separated values (RFC 4180), sizes in bytes. */
import type { Row } from "./Rows.ts"

const header = ["repository", "tag", "size", "disk_size", "unique_size", "tags"]

const field = (value: string | number | null | undefined): string => {
  const text = value === null || value === undefined ? "" : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * The name of a file for a place (`""`, `group/` or `group/app`) of the snapshot that was taken at `timestamp`, in seconds
 * since 1970: `registry-usage-group-app-2026-01-02T0304Z.csv`.
 */
export const fileName = (path: string, timestamp: number): string => {
  const instant = new Date(timestamp * 1000).toISOString().replace(/:(\d\d):.*/, "$1Z")
  return ["registry-usage", ...path.split("/").filter((part) => part !== ""), instant].join("-") + ".csv"
}

/** Writes the repositories and tags among the rows, not the namespaces. An unknown size is empty, never 0. */
export const format = (rows: ReadonlyArray<Row>): string => {
  const lines: Array<ReadonlyArray<string | number | null | undefined>> = [header]
  for (const row of rows) {
    if (row.kind === "repository") {
      lines.push([row.node.path, null, row.size, row.disk_size, row.unique_size, row.tags])
    } else if (row.kind === "tag") {
      lines.push([row.repository.path, row.tag.name, row.size, row.disk_size, row.unique_size, null])
    }
  }
  return lines.map((line) => `${line.map(field).join(",")}\r\n`).join("")
}
