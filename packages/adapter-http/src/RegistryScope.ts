/** Which repositories of the registry are listed, and how. */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, Stream } from "effect"
import { orElseWhileEmpty } from "./distribution/Fallback.ts"
import { toError } from "./transport/Failure.ts"
import type { GitLabApi } from "./gitlab/GitLabApi.ts"
import type { RepositoryOrder } from "./distribution/RepositoryOrder.ts"

/**
 * `instance`: all, by the catalog, which takes an administrator under GitLab. `group` and `project`: those of a group
 * with its subgroups or of a project, by path or number, by GitLab's REST API. `auto`: the catalog, and where it is
 * denied the group or project of the path, if there is one.
 */
export type RegistryScope =
  | { readonly kind: "instance" }
  | { readonly kind: "group" | "project"; readonly path: string }
  | { readonly kind: "auto"; readonly path?: string | undefined }

type Repositories = Registry.Registry["Service"]["repositories"]

/** Adds what a user who is no administrator can do. */
const withHint = (error: Registry.RegistryError): Registry.RegistryError =>
  error.reason._tag === "Denied"
    ? toError(
        "repositories",
        error.target
      )(
        new Registry.Denied({
          detail: `${error.reason.detail}; one group or project can be listed by its path instead`,
          status: error.reason.status
        })
      )
    : error

/** The repositories in the scope. `api` is undefined where no GitLab is known. */
export const repositories = (options: {
  readonly scope: RegistryScope
  readonly catalog: Repositories
  readonly api: GitLabApi | undefined
  readonly isJob: boolean
  readonly order: RepositoryOrder
}): Repositories => {
  const { api, catalog, isJob, order, scope } = options

  const listed = (kind: "groups" | "projects", path: string): Repositories =>
    api === undefined
      ? Stream.fail(
          toError("repositories", path)(new Registry.Unsupported({ detail: "the URL of GitLab is not configured" }))
        )
      : order
          .record(api.repositories(kind, path))
          .pipe(
            Stream.mapError(toError("repositories", path)),
            Stream.withSpan("GitLabApi.repositories", { attributes: { kind, path } })
          )

  const groupOrProject = (path: string): Repositories =>
    isJob
      ? listed("projects", path)
      : orElseWhileEmpty(listed("groups", path), ({ reason }) =>
          reason._tag === "NotFound" ? listed("projects", path) : undefined
        )

  switch (scope.kind) {
    case "instance":
      return catalog
    case "group":
      return listed("groups", scope.path)
    case "project":
      return listed("projects", scope.path)
    case "auto": {
      const { path } = scope
      if (path === undefined) return Stream.mapError(catalog, withHint)
      return orElseWhileEmpty(catalog, ({ reason }) =>
        reason._tag !== "Denied" && reason._tag !== "Unsupported"
          ? undefined
          : Stream.unwrap(
              Effect.as(
                Effect.logInfo(
                  `the catalog cannot be listed (${reason._tag}); listing the repositories of ${path} alone`
                ),
                groupOrProject(path)
              )
            )
      )
    }
  }
}
