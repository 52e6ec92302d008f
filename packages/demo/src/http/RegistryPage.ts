/**
 * Pages of a list.
 *
 * Source: OCI distribution specification, "Listing tags"; GitLab's container registry, `PAGINATION_NUMBER_INVALID`.
 */
import { Effect } from "effect"
import { RegistryProblem } from "./RegistryProblem.ts"
import type { Request } from "./Route.ts"

/** The maximum of `n`. */
export const maximum = 1000

export interface Page {
  readonly names: ReadonlyArray<string>
  /** `Link`, if there is a next page. */
  readonly headers: Record<string, string>
}

/** The page of sorted names that `n` and `last` of a request select. The link is relative, like GitLab's. */
export const paginate = (
  names: ReadonlyArray<string>,
  request: Request,
  size: number
): Effect.Effect<Page, RegistryProblem> => {
  const asked = request.parameters.get("n")
  const count = asked === null || asked === "" || asked === "0" ? size : Number(asked)
  if (!Number.isInteger(count) || count < 0 || count > maximum) {
    return Effect.fail(
      new RegistryProblem({
        status: 400,
        code: "PAGINATION_NUMBER_INVALID",
        message: "invalid number of results requested",
        detail: { n: asked }
      })
    )
  }
  const after = request.parameters.get("last") ?? ""
  const start = names.findIndex((name) => name > after)
  const page = start < 0 ? [] : names.slice(start, start + count)
  const last = page.at(-1)
  const more = last !== undefined && start + count < names.length
  return Effect.succeed({
    names: page,
    headers: more ? { link: `<${request.path}?${new URLSearchParams({ last, n: String(count) })}>; rel="next"` } : {}
  })
}
