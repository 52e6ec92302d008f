/** The scope of the crawl: the rules over several keys of [registry]. */
import type { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import type { Findings } from "../source/ConfigDecoding.ts"
import type { Settings } from "../keys/ConfigKeys.ts"

type Scope = NonNullable<RegistryHttp.Options["scope"]>

/** The scope of the crawl. A number can identify a group or a project, so `scope` must say which. */
export const scopeConfig = ({ scope: kind, scope_path: path }: Settings["registry"], { problem }: Findings): Scope => {
  if (kind === "auto") {
    if (path !== undefined && /^\d+$/.test(path)) {
      problem("registry", "scope_path", "is a number; set scope to group or project, or write the path")
    }
    return { kind, path }
  }
  if (kind === "instance") {
    if (path !== undefined) problem("registry", "scope_path", "has no use with scope = instance; remove one of the two")
    return { kind }
  }
  if (path === undefined) problem("registry", "scope_path", `is not set, but scope = ${kind} needs it`)
  return { kind, path: path ?? "" }
}
