/** The built program as a process, and the registry that it reads. */
import { NodeHttpServer } from "@effect/platform-node"
import { Demo, DemoRegistry } from "@gitlab-registry-usage/demo"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { Secrets } from "@gitlab-registry-usage/test-servers"
import { Context, Effect, Layer } from "effect"
import { execFile, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const packageDirectory = new URL("..", import.meta.url).pathname

/** A directory that is gone with the scope. */
export const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "registry-usage-cli-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly cwd?: string
  /** Sent so many milliseconds after the start. */
  readonly signal?: readonly [NodeJS.Signals, number]
}

/** Nothing of the environment of the tests, which may be a job of GitLab's itself. */
const bare = {
  PATH: process.env.PATH ?? "",
  HOME: tmpdir(),
  LANG: "C.UTF-8",
  TERM: "xterm-256color",
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? ""
}

/** Runs any command to its end, at most 60 seconds. */
export const execute = (
  command: string,
  args: ReadonlyArray<string>,
  options: RunOptions = {}
): Effect.Effect<Result> =>
  Effect.callback<Result>((resume) => {
    const child = spawn(command, [...args], { cwd: options.cwd, env: { ...bare, ...options.env }, timeout: 60_000 })
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (data) => (stdout += data))
    child.stderr.on("data", (data) => (stderr += data))
    child.stdin.on("error", () => {})
    child.stdin.end(options.stdin ?? "")
    const timer = options.signal && setTimeout(() => child.kill(options.signal![0]), options.signal[1])
    child.on("error", (error) => resume(Effect.die(error)))
    child.on("close", (status) => {
      clearTimeout(timer)
      Secrets.report(args.join(" "), stdout + stderr)
      resume(Effect.succeed({ status, stdout, stderr }))
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** The program, built anew from what is tested. */
export class Program extends Context.Service<
  Program,
  {
    /** The path of `bin.js`. */
    readonly path: string
    /** Without a terminal. */
    readonly run: (args: ReadonlyArray<string>, options?: RunOptions) => Effect.Effect<Result>
    /** On a terminal of so many columns; the standard error goes to the same, unless it is thrown away. */
    readonly runOnTerminal: (
      args: ReadonlyArray<string>,
      options: RunOptions & { readonly columns: number; readonly withErrors?: boolean }
    ) => Effect.Effect<Result>
  }
>()("Program") {}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

const build = async (): Promise<string> => {
  const out = mkdtempSync(join(tmpdir(), "registry-usage-cli-"))
  process.once("exit", () => rmSync(out, { recursive: true, force: true }))
  const tsup = createRequire(import.meta.url).resolve("tsup/package.json", { paths: [join(packageDirectory, "../..")] })
  const args = [join(tsup, "../dist/cli-default.js"), "--out-dir", out, "--silent"]
  await promisify(execFile)(process.execPath, args, { cwd: packageDirectory })
  return join(out, "bin.js")
}

/** Test files that share a process share the program. */
let built: Promise<string> | undefined

export const layerProgram = Layer.effect(
  Program,
  Effect.gen(function* () {
    const path = yield* Effect.promise(() => (built ??= build()))
    return {
      path,
      run: (args, options) => execute(process.execPath, [path, ...args], options),
      runOnTerminal: (args, options) => {
        const command = [process.execPath, path, ...args].map(quote).join(" ")
        const errors = options.withErrors === true ? "" : "2>/dev/null"
        // `script` makes a pseudo-terminal and passes on what is written to it.
        const line = `stty rows 40 cols ${options.columns} -opost; ${command} ${errors}`
        return execute("script", ["-q", "-e", "-c", line, "/dev/null"], options)
      }
    }
  })
)

/** A registry over HTTP on a free port: the demonstration's, or one of these repositories. */
export const layerRegistry = (
  repositories?: Effect.Effect<ReadonlyArray<Images.Repository>>,
  options: Partial<DemoRegistry.Options> = {}
) =>
  Layer.unwrap(
    Effect.map(repositories ?? Demo.repositories, (repositories) => DemoRegistry.layer({ repositories, ...options }))
  ).pipe(Layer.provide(Layer.fresh(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 }))))

/** The variables that let the program read the registry as its administrator. */
export const asAdministrator = ({ url }: { readonly url: string }) => ({
  CI_REGISTRY: new URL(url).host,
  GITLAB_REGISTRY_USAGE_USER: "registry-usage",
  GITLAB_REGISTRY_USAGE_TOKEN: "demo-access-token"
})

/** Those that a job of the project acme/shop has, and no others. */
export const asJob = ({ url }: { readonly url: string }) => ({
  CI: "true",
  CI_SERVER_URL: url,
  CI_REGISTRY: new URL(url).host,
  CI_REGISTRY_IMAGE: `${new URL(url).host}/acme/shop`,
  CI_PROJECT_PATH: "acme/shop",
  CI_PROJECT_NAMESPACE: "acme",
  CI_JOB_TOKEN: "demo-job-token"
})

/** Ports and times, which differ each time, in a fixed form. */
export const steady = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:5000")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-01-02T03:04:05.678Z")
    .replaceAll(/"duration_seconds": [\d.]+/g, '"duration_seconds": 0.5')
    .replaceAll(/(timestamp_seconds|duration_seconds) [\d.]+/g, "$1 1")
    .replaceAll(/ in [\d.]+s\b/g, " in 0.5s")
