/** `/`: the links of the API. */
import type { Hal } from "@gitlab-registry-usage/core"
import { version } from "../../Version.ts"
import { type Route, routes } from "../api/Api.ts"

/** The path of a route as a URI template (RFC 6570), such as `/images/{image}`. */
const uriTemplate = ({ path }: Route): string => path.replaceAll(/:(\w+)/g, "{$1}")

const isHistory = ({ resource }: Route) => resource !== undefined && resource._tag !== "Snapshot"

/** The links to the routes with the annotation `HomeLink`, and to the dashboard and the history if the server has them. */
export const home = (prefix: string, dashboard: boolean, history: boolean): Hal.Resource => {
  const link = (path: string, title?: string): Hal.Link => ({
    href: `${prefix}${path}`,
    ...(path.includes("{") ? { templated: true } : {}),
    ...(title === undefined ? {} : { title })
  })
  return {
    state: { name: "GitLab Registry Usage", version },
    links: () => ({
      self: link("/"),
      ...Object.fromEntries(
        Object.values(routes).flatMap((route) =>
          route.homeLink === undefined || (isHistory(route) && !history)
            ? []
            : [[route.homeLink.relation, link(uriTemplate(route), route.homeLink.title)]]
        )
      ),
      repositories: link("/repositories"),
      ...(history ? { at: link("/images{?at}") } : {}),
      ...(dashboard ? { ui: link("/ui/") } : {})
    }),
    embedded: {}
  }
}
