// A comment on a merge request about the size of its image: the job runs it after each push, and it replaces its comment.
// Without GITLAB_TOKEN (a job token may not comment) it prints the Markdown. REGISTRY_URL=… REGISTRY_USER=… REGISTRY_TOKEN=…
//   GITLAB_TOKEN=… node examples/comment.ts group/app mr-12 main
import { Bytes, Crawl, Names, Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import * as Registry from "./registry.ts"

const { CI_API_V4_URL, CI_MERGE_REQUEST_IID, CI_PROJECT_ID, GITLAB_TOKEN } = process.env
const [image = "", ...tags] = process.argv.slice(2)
const marker = "<!-- gitlab-registry-usage -->"

const usage = Usage.measure(await Effect.runPromise(Crawl.crawl().pipe(Effect.provide(Registry.layer))))
const rows = tags.map((tag) => {
  const r = Usage.findRepository(usage, Names.RepositoryName.make(image))
  const t = r === undefined ? undefined : Usage.findTag(usage, r, Names.TagName.make(tag))
  const sizes = t === undefined ? undefined : Usage.tagSizes(usage, t)
  const text =
    sizes === undefined ? "unknown | unknown" : `${Bytes.format(sizes.size)} | ${Bytes.format(sizes.uniqueSize)}`
  return `| \`${tag}\` | ${text} |`
})
const body = [marker, `**${image}**`, "", "| Tag | Size | Unique |", "| --- | ---: | ---: |", ...rows].join("\n")

const notes = `${CI_API_V4_URL}/projects/${CI_PROJECT_ID}/merge_requests/${CI_MERGE_REQUEST_IID}/notes`
const call = async (method: string, url: string, text?: object) => {
  const headers = { "private-token": GITLAB_TOKEN!, "content-type": "application/json" }
  const response = await fetch(url, { method, headers, ...(text && { body: JSON.stringify(text) }) })
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`)
  return response.json()
}
if (GITLAB_TOKEN === undefined) console.log(body)
else {
  const all = (await call("GET", `${notes}?sort=asc&per_page=100`)) as ReadonlyArray<{
    readonly id: number
    readonly body: string
  }>
  const own = all.find((note) => note.body.startsWith(marker))
  await (own === undefined ? call("POST", notes, { body }) : call("PUT", `${notes}/${own.id}`, { body }))
}
