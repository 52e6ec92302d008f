/**
 * The HTTP API. Each endpoint is defined once: its path, its query and its resource. Routing, the links of `/` and
 * OpenAPI follow from these definitions.
 */
import { Context, Option, SchemaAST } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import { version } from "../../Version.ts"
import { history, type HistoryDocument } from "./HistoryApi.ts"
import { HomeLink, Resource, type Shown } from "./Resource.ts"
import { service, session } from "./ServiceApi.ts"
import * as Specification from "./Specification.ts"
import { usage, type UsageDocument } from "./UsageApi.ts"

const Api = HttpApi.make("gitlab-registry-usage")
  .add(usage, history, session, service)
  .annotateMerge(
    OpenApi.annotations({
      title: "GitLab Registry Usage",
      version,
      description: "Reports the disk usage of a GitLab container registry. All resources are HAL documents.",
      license: { name: "MIT" },
      transform: (specification) => Specification.complete(specification as OpenApi.OpenAPISpec)
    })
  )

type Groups = (typeof Api)["groups"]
type Endpoints = { readonly [G in keyof Groups]: keyof Groups[G]["endpoints"] }[keyof Groups]

/** The names of the routes. */
export type Name = Endpoints & string

/** The routes without a resource: each needs a handler. */
export type HandledName = Exclude<Name, UsageDocument | HistoryDocument>

/**
 * A route: its method, the template of its path, the names of its query parameters, its resource, if it has one, and its link in the root, if it has one.
 */
export interface Route {
  readonly method: string
  readonly path: string
  readonly query: ReadonlyArray<string>
  readonly resource: Shown | undefined
  readonly homeLink: HomeLink["Service"] | undefined
}

/** Every route of the API by its name. */
export const routes: Readonly<Record<Name, Route>> = (() => {
  const found: Record<string, Route> = {}
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      found[endpoint.identifier] = {
        method: endpoint.method,
        path: endpoint.path,
        query:
          endpoint.query !== undefined && SchemaAST.isObjects(endpoint.query.ast)
            ? endpoint.query.ast.propertySignatures.map(({ name }) => String(name))
            : [],
        resource: Option.getOrUndefined(Context.getOption(endpoint.annotations, Resource)),
        homeLink: Option.getOrUndefined(Context.getOption(endpoint.annotations, HomeLink))
      }
    }
  })
  return found as Record<Name, Route>
})()

/** The API under the path at which clients reach it. */
export const at = (prefix: string) => Api.annotate(OpenApi.Servers, [{ url: prefix === "" ? "/" : prefix }])

/** The description of the API (OpenAPI 3.1). */
export const description = (prefix: string): OpenApi.OpenAPISpec => OpenApi.fromApi(at(prefix))
