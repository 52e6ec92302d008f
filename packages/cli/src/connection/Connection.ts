/**
 * The registry to read and the account to read it with, from the flags or else from the environment.
 */
import { Loopback } from "@gitlab-registry-usage/core"
import { Effect, FileSystem, Option, Redacted, Stdio, Stream } from "effect"
import { Prompt, TerminalCapabilities } from "effect/cli"
import { type Environment, environment } from "./Environment.ts"
import type { Shared } from "./SharedFlags.ts"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

/**
 * The repositories to read: all, or those of one group or project; `auto`: all where the token may list them, else those
 * of the project.
 */
export type Scope =
  | { readonly kind: "instance" }
  | { readonly kind: "group" | "project"; readonly path: string }
  | { readonly kind: "auto"; readonly path?: string | undefined }

export interface Account {
  readonly username: string
  readonly token: Redacted.Redacted
}

export interface Connection {
  readonly registry: URL
  readonly gitlab: URL | undefined
  readonly account: Account | undefined
  /** Additional certificate authorities in PEM. */
  readonly authorities: string | undefined
  readonly scope: Scope
  readonly concurrency: number
  /** Of one attempt of a request, in seconds. */
  readonly timeout: number
}

/** The user name of every job. */
const jobUser = "gitlab-ci-token"

/** Whether a host, with or without a port, is this machine. */
const isLoopback = (host: string): boolean =>
  URL.canParse(`http://${host}`) && Loopback.isLoopback(new URL(`http://${host}`))

/**
 * Parses a URL, or a host: then the scheme is https, on this machine http, as in Docker. `flag` is the flag's name for
 * messages.
 */
export const url = (text: string, flag: string): Effect.Effect<URL, CommandFailure> => {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `${isLoopback(text) ? "http" : "https"}://${text}`
  if (!URL.canParse(full)) return Effect.fail(usageError(`${flag}: not a URL`))
  const parsed = new URL(full)
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    return Effect.fail(usageError(`${flag}: neither https nor http`))
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return Effect.fail(usageError(`${flag}: no user or password may be in it`, "use --user and --token-file"))
  }
  return Effect.succeed(parsed)
}

/** Reads a text file. `flag` is the flag's name for messages. */
export const readText = Effect.fnUntraced(function* (path: string, flag: string) {
  const fs = yield* FileSystem.FileSystem
  // A value in the wrong place may be a secret, so the message has neither path nor content.
  return yield* fs
    .readFileString(path)
    .pipe(Effect.mapError(({ reason }) => usageError(`${flag}: the file cannot be read (${reason._tag})`)))
})

/** The text without a byte order mark and without the end of its last line. */
export const oneLine = (text: string) => text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "")

const credentialsFile = Effect.fnUntraced(function* (path: string) {
  const [username = "", token = ""] = (yield* readText(path, "--credentials-file"))
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
  if (username === "" || token === "") {
    return yield* usageError("--credentials-file: not two lines, the user and the password or token")
  }
  return { username, token: Redacted.make(token) }
})

const givenToken = Effect.fnUntraced(function* (flags: Shared, variables: Environment) {
  if (Option.isSome(flags.tokenFile)) return oneLine(yield* readText(flags.tokenFile.value, "--token-file"))
  if (flags.tokenStdin) {
    const stdio = yield* Stdio.Stdio
    return oneLine(
      yield* Stream.mkString(Stream.decodeText(stdio.stdin)).pipe(
        Effect.mapError(() => usageError("--token-stdin: the standard input cannot be read"))
      )
    )
  }
  return variables.token
})

/** The account to sign in with; undefined without credentials. Prompts for the password on a terminal. */
export const readAccount = Effect.fnUntraced(function* (flags: Shared, variables: Environment) {
  if (Option.isSome(flags.credentialsFile)) return yield* credentialsFile(flags.credentialsFile.value)
  const token = yield* givenToken(flags, variables)
  const user = Option.getOrUndefined(flags.user) ?? variables.user
  if (token !== undefined) {
    if (token === "") return yield* usageError("the token is empty")
    // The name of the original. GitLab accepts any with a token; only passwords and deploy tokens need the real one.
    return { username: user ?? "root", token: Redacted.make(token) }
  }
  if (user !== undefined) {
    const { canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
    if (!canPrompt) {
      return yield* usageError(
        `no password or token for ${user}`,
        "use --token-file, --token-stdin or --credentials-file"
      )
    }
    return { username: user, token: yield* Prompt.run(Prompt.Password({ message: `Password or token of ${user}` })) }
  }
  return variables.jobToken === undefined ? undefined : { username: jobUser, token: Redacted.make(variables.jobToken) }
})

/** Reads additional certificate authorities in PEM, where there are any. */
export const readAuthorities = Effect.fnUntraced(function* (flags: Shared, variables: Environment) {
  const caFile = Option.getOrUndefined(flags.caFile) ?? variables.caFile
  return caFile === undefined ? undefined : yield* readText(caFile, "--ca-file")
})

/** The path of the project in lower case, as in the registry. */
const jobProject = ({ projectPath, registry, registryImage }: Environment): string | undefined =>
  registryImage !== undefined && registry !== undefined && registryImage.startsWith(`${registry}/`)
    ? registryImage.slice(registry.length + 1)
    : projectPath?.toLowerCase()

const parseScope = (
  flags: Shared,
  variables: Environment,
  account: Account | undefined
): Effect.Effect<Scope, CommandFailure> => {
  const path = Option.getOrUndefined(flags.path)
    ?.replace(/^\/+|\/+$/g, "")
    .toLowerCase()
  switch (flags.scope) {
    case "auto": {
      if (path !== undefined)
        return Effect.fail(usageError("--path: of a group or a project?", "add --scope group or project"))
      const own = jobProject(variables)
      // The token of a job is valid for its project alone.
      return Effect.succeed(
        own !== undefined && account?.username === jobUser
          ? { kind: "project", path: own }
          : { kind: "auto", path: own }
      )
    }
    case "instance":
      return path === undefined
        ? Effect.succeed({ kind: "instance" })
        : Effect.fail(usageError("--path needs --scope group or project"))
    default: {
      const own = flags.scope === "project" ? jobProject(variables) : variables.namespace?.toLowerCase()
      const chosen = path ?? own
      return chosen === undefined || chosen === ""
        ? Effect.fail(usageError(`--scope ${flags.scope}: which one?`, `name the ${flags.scope} with --path`))
        : Effect.succeed({ kind: flags.scope, path: chosen })
    }
  }
}

/** The connection that flags and environment describe. */
export const fromFlags = Effect.fnUntraced(function* (flags: Shared) {
  const variables = yield* environment
  const registry = Option.getOrUndefined(flags.registryServer) ?? variables.registry
  if (registry === undefined) {
    return yield* usageError(
      "which registry?",
      "give --registry-server, or --from with a saved snapshot; in a GitLab job CI_REGISTRY has it where the project's registry is on"
    )
  }
  const gitlab = Option.getOrUndefined(flags.gitlabServer) ?? variables.gitlabServer
  const account = yield* readAccount(flags, variables)
  const scope = yield* parseScope(flags, variables, account)
  if (gitlab === undefined && (scope.kind === "group" || scope.kind === "project")) {
    return yield* usageError(`--scope ${scope.kind} asks GitLab`, "name it with --gitlab-server")
  }
  return {
    registry: yield* url(registry, "--registry-server"),
    gitlab: gitlab === undefined ? undefined : yield* url(gitlab, "--gitlab-server"),
    account,
    authorities: yield* readAuthorities(flags, variables),
    scope,
    concurrency: flags.concurrency,
    timeout: flags.timeout
  } satisfies Connection
})
