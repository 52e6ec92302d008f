/** `/`: the links of the API. */
import type { Hal } from "@gitlab-registry-usage/core"
import { Record } from "effect"
import { version } from "../../Version.ts"
import { type Name, uriTemplate } from "../api/Api.ts"

/** Relations, and the routes that they lead to. */
const relations = {
  images: "images",
  namespaces: "namespaces",
  status: "status",
  token: "token",
  documentation: "docs",
  "service-desc": "openapi",
  image: "image",
  tag: "tag",
  blobs: "blobs",
  namespace: "namespace"
} as const satisfies Record<string, Name>

const historyRelations = { history: "history", growth: "growth" } as const satisfies Record<string, Name>

/** The links of the API, with those of the dashboard and of the history where the server has them. */
export const home = (prefix: string, dashboard: boolean, history: boolean): Hal.Resource => {
  const linkTo = (name: Name): Hal.Link => {
    const href = `${prefix}${uriTemplate(name)}`
    return href.includes("{") ? { href, templated: true } : { href }
  }
  return {
    state: { name: "GitLab Registry Usage", version },
    links: () => ({
      self: linkTo("home"),
      ...Record.map(relations, linkTo),
      repositories: { href: `${prefix}/repositories` },
      unique_size: { ...linkTo("unique_size"), title: "POST: what deleting several things together frees" },
      ...(history
        ? { ...Record.map(historyRelations, linkTo), at: { href: `${prefix}/images{?at}`, templated: true } }
        : {}),
      ...(dashboard ? { ui: { href: `${prefix}/ui/` } } : {})
    }),
    embedded: {}
  }
}
