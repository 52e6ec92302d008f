/**
 * Who may do what in the embedded registry.
 */
import { Redacted } from "effect"
import type { Contents } from "../data/Contents.ts"
import type { Access } from "./Jwt.ts"

/**
 * Somebody whom GitLab knows. An administrator may do everything and see the catalog; anybody else may pull what lies
 * under the given namespaces. Nobody may touch a repository whose contents say `Denied` or `Unauthorized`: it stands
 * for a project whose container registry is switched off.
 */
export interface Account {
  readonly username: string
  readonly password: Redacted.Redacted
  readonly administrator?: boolean | undefined
  readonly namespaces?: ReadonlyArray<string> | undefined
}

/**
 * The account of an administrator: what a crawl of the whole registry signs in with.
 */
export const administrator: Account = {
  username: "registry-usage",
  password: Redacted.make("demo-access-token"),
  administrator: true
}

/**
 * A deploy token of the group `acme`.
 */
export const deployToken: Account = {
  username: "gitlab+deploy-token-1",
  password: Redacted.make("demo-deploy-token"),
  namespaces: ["acme"]
}

/**
 * The name that every CI/CD job signs in with, its job token being the password.
 */
export const jobUsername = "gitlab-ci-token"

/**
 * A job of the project `acme/shop`.
 */
export const job: Account = {
  username: jobUsername,
  password: Redacted.make("demo-job-token"),
  namespaces: ["acme/shop"]
}

/**
 * Whether the repository is in one of the account's namespaces.
 */
export const holds = ({ administrator, namespaces = [] }: Account, repository: string): boolean =>
  administrator === true || namespaces.some((name) => repository === name || repository.startsWith(`${name}/`))

/**
 * What of the asked access an account gets: the actions that it may do, in the order asked for.
 */
export const granted = (account: Account | undefined, contents: Contents, asked: Access): Access => {
  const { type, name, actions } = asked
  const may = (action: string): boolean => {
    if (account === undefined) return false
    if (type === "registry") return account.administrator === true && name === "catalog" && action === "*"
    if (type !== "repository") return false
    const reason = contents.get(name)?.unreadable?._tag
    if (reason === "Denied" || reason === "Unauthorized") return false
    return account.administrator === true
      ? ["pull", "push", "delete", "*"].includes(action)
      : action === "pull" && holds(account, name)
  }
  return { type, name, actions: actions.filter(may) }
}
