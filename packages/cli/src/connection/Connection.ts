/**
 * Which registry is read, as whom: from the flags, and where they say nothing from the environment.
 *
 * @since 0.1.0
 */
import { Loopback } from "@gitlab-registry-usage/core"
import { Effect, FileSystem, Option, Redacted, Stdio, Stream } from "effect"
import { Prompt, TerminalCapabilities } from "effect/cli"
import { type Environment, environment } from "./Environment.ts"
import type { Shared } from "./SharedFlags.ts"
import { type Stopped, usage } from "../output/CommandFailure.ts"

/**
 * What is read: everything, or the repositories of one group or project, by its path; `auto`: everything where the token
 * may list it, else the project.
 *
 * @category models
 * @since 0.1.0
 */
export type Scope =
  | { readonly kind: "instance" }
  | { readonly kind: "group" | "project"; readonly path: string }
  | { readonly kind: "auto"; readonly path?: string | undefined }

/** @category models @since 0.1.0 */
export interface Account {
  readonly username: string
  readonly token: Redacted.Redacted
}

/** @category models @since 0.1.0 */
export interface Connection {
  readonly registry: URL
  readonly gitlab: URL | undefined
  readonly account: Account | undefined
  /** PEM of further authorities. */
  readonly authorities: string | undefined
  readonly scope: Scope
  readonly concurrency: number
}

/** Who every job signs in as. */
const jobUser = "gitlab-ci-token"

const isLocal = (host: string): boolean =>
  URL.canParse(`http://${host}`) && Loopback.isLoopback(new URL(`http://${host}`))

/**
 * A host stands for https, on this machine for http, as with Docker. `flag` names it in messages.
 *
 * @category parsing
 * @since 0.1.0
 */
export const url = (text: string, flag: string): Effect.Effect<URL, Stopped> => {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `${isLocal(text) ? "http" : "https"}://${text}`
  if (!URL.canParse(full)) return Effect.fail(usage(`${flag}: not a URL`))
  const parsed = new URL(full)
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    return Effect.fail(usage(`${flag}: neither https nor http`))
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return Effect.fail(usage(`${flag}: no user or password may be in it`, "use --user and --token-file"))
  }
  return Effect.succeed(parsed)
}

/**
 * The text of a file. `flag` names it in messages.
 *
 * @category reading
 * @since 0.1.0
 */
export const readText = Effect.fnUntraced(function* (path: string, flag: string) {
  const fs = yield* FileSystem.FileSystem
  // What is in the wrong place may be a secret, so neither path nor content is quoted.
  return yield* fs
    .readFileString(path)
    .pipe(Effect.mapError(({ reason }) => usage(`${flag}: the file cannot be read (${reason._tag})`)))
})

/**
 * The text without the end of its line.
 *
 * @category parsing
 * @since 0.1.0
 */
export const oneLine = (text: string) => text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "")

const credentialsFile = Effect.fnUntraced(function* (path: string) {
  const [username = "", token = ""] = (yield* readText(path, "--credentials-file"))
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
  if (username === "" || token === "") {
    return yield* usage("--credentials-file: not two lines, the user and the password or token")
  }
  return { username, token: Redacted.make(token) }
})

const givenToken = Effect.fnUntraced(function* (flags: Shared, variables: Environment) {
  if (Option.isSome(flags.tokenFile)) return oneLine(yield* readText(flags.tokenFile.value, "--token-file"))
  if (flags.tokenStdin) {
    const stdio = yield* Stdio.Stdio
    return oneLine(
      yield* Stream.mkString(Stream.decodeText(stdio.stdin)).pipe(
        Effect.mapError(() => usage("--token-stdin: the standard input cannot be read"))
      )
    )
  }
  return variables.token
})

/**
 * Who signs in; undefined where nobody is told. Asks for the password on a terminal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const accountOf = Effect.fnUntraced(function* (flags: Shared, variables: Environment) {
  if (Option.isSome(flags.credentialsFile)) return yield* credentialsFile(flags.credentialsFile.value)
  const token = yield* givenToken(flags, variables)
  const user = Option.getOrUndefined(flags.user) ?? variables.user
  if (token !== undefined) {
    if (token === "") return yield* usage("the token is empty")
    // GitLab takes any name beside a token; only passwords and deploy tokens need theirs.
    return { username: user ?? "gitlab-registry-usage", token: Redacted.make(token) }
  }
  if (user !== undefined) {
    const { canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
    if (!canPrompt) {
      return yield* usage(`no password or token for ${user}`, "use --token-file, --token-stdin or --credentials-file")
    }
    return { username: user, token: yield* Prompt.run(Prompt.Password({ message: `Password or token of ${user}` })) }
  }
  return variables.jobToken === undefined ? undefined : { username: jobUser, token: Redacted.make(variables.jobToken) }
})

/**
 * PEM of further authorities to trust, where there are any.
 *
 * @category reading
 * @since 0.1.0
 */
export const authoritiesOf = Effect.fnUntraced(function* (flags: Shared, variables: Environment) {
  const caFile = Option.getOrUndefined(flags.caFile) ?? variables.caFile
  return caFile === undefined ? undefined : yield* readText(caFile, "--ca-file")
})

/** The path of the project as the registry spells it: in lower case. */
const projectOf = ({ projectPath, registry, registryImage }: Environment): string | undefined =>
  registryImage !== undefined && registry !== undefined && registryImage.startsWith(`${registry}/`)
    ? registryImage.slice(registry.length + 1)
    : projectPath?.toLowerCase()

const scopeOf = (
  flags: Shared,
  variables: Environment,
  account: Account | undefined
): Effect.Effect<Scope, Stopped> => {
  const path = Option.getOrUndefined(flags.path)
    ?.replace(/^\/+|\/+$/g, "")
    .toLowerCase()
  switch (flags.scope) {
    case "auto": {
      if (path !== undefined)
        return Effect.fail(usage("--path: of a group or a project?", "add --scope group or project"))
      const own = projectOf(variables)
      // The token of a job is good for its project alone: asking for more is of no use.
      return Effect.succeed(
        own !== undefined && account?.username === jobUser
          ? { kind: "project", path: own }
          : { kind: "auto", path: own }
      )
    }
    case "instance":
      return path === undefined
        ? Effect.succeed({ kind: "instance" })
        : Effect.fail(usage("--path needs --scope group or project"))
    default: {
      const own = flags.scope === "project" ? projectOf(variables) : variables.namespace?.toLowerCase()
      const chosen = path ?? own
      return chosen === undefined || chosen === ""
        ? Effect.fail(usage(`--scope ${flags.scope}: which one?`, `name the ${flags.scope} with --path`))
        : Effect.succeed({ kind: flags.scope, path: chosen })
    }
  }
}

/**
 * Puts flags and environment together.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFlags = Effect.fnUntraced(function* (flags: Shared) {
  const variables = yield* environment
  const registry = Option.getOrUndefined(flags.registryServer) ?? variables.registry
  if (registry === undefined) {
    return yield* usage(
      "which registry?",
      "give --registry-server, or --from with a saved scan; in a GitLab job CI_REGISTRY tells it where the project's registry is on"
    )
  }
  const gitlab = Option.getOrUndefined(flags.gitlabServer) ?? variables.gitlabServer
  const account = yield* accountOf(flags, variables)
  const scope = yield* scopeOf(flags, variables, account)
  if (gitlab === undefined && (scope.kind === "group" || scope.kind === "project")) {
    return yield* usage(`--scope ${scope.kind} asks GitLab`, "name it with --gitlab-server")
  }
  return {
    registry: yield* url(registry, "--registry-server"),
    gitlab: gitlab === undefined ? undefined : yield* url(gitlab, "--gitlab-server"),
    account,
    authorities: yield* authoritiesOf(flags, variables),
    scope,
    concurrency: flags.concurrency
  } satisfies Connection
})
