/** The accounts of the embedded registry and their permissions. */
import { Redacted } from "effect"
import type { Contents } from "../data/Contents.ts"
import type { Access } from "./Jwt.ts"

/**
 * An account of GitLab. An administrator may do everything and read the catalog; others may pull from repositories in
 * the given namespaces. Nobody may access a repository whose contents are `Denied` or `Unauthorized`, which stands for
 * a project whose container registry is disabled.
 */
export interface Account {
  readonly username: string
  readonly password: Redacted.Redacted
  readonly administrator?: boolean | undefined
  readonly namespaces?: ReadonlyArray<string> | undefined
}

/** An administrator: the account for a crawl of the whole registry. */
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

/** The user name of every CI/CD job; its password is the job token. */
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

/** The part of the requested access that the account is granted: the permitted actions, in the requested order. */
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
