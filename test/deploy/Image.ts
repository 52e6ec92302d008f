/**
 * The container image, built by buildah and run without a container engine. The registries with its bases may be out of
 * reach, so that bases with what the machine has stand in for them: they show that the Dockerfile and the program are
 * right, and not what the real bases contain.
 */
import { Effect, Schema } from "effect"
import { execFileSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { Program, Servers } from "../../packages/test-servers/src/index.ts"
import { node, root } from "../../scripts/workspace.mjs"

/** What `docker inspect` shows as the configuration of an image. */
const Configuration = Schema.Struct({
  User: Schema.String,
  Env: Schema.Array(Schema.String),
  Entrypoint: Schema.Array(Schema.String),
  Cmd: Schema.NullishOr(Schema.Array(Schema.String)),
  WorkingDir: Schema.optionalKey(Schema.String),
  ExposedPorts: Schema.Record(Schema.String, Schema.Unknown),
  Labels: Schema.Record(Schema.String, Schema.String),
  Healthcheck: Schema.Struct({ Test: Schema.Array(Schema.String) })
})

export interface Image {
  readonly configuration: typeof Configuration.Type
  /** The directory with its files. */
  readonly files: string
}

const into = (directory: string, path: string, target = path) => {
  mkdirSync(dirname(join(directory, target)), { recursive: true })
  cpSync(realpathSync(path), join(directory, target), { recursive: true, dereference: true })
}

/** Node, and the libraries that it and other programs load. */
const withNode = (directory: string, path: string) => {
  into(directory, node, path)
  const libraries = execFileSync("ldd", [node], { encoding: "utf8" }).match(/\/\S+(?= \(0x)/g) ?? []
  for (const library of libraries) into(directory, library)
  // The C library's parts that programs load when they need them, such as for names of hosts.
  const home = dirname(libraries.find((library) => library.includes("/libc.so"))!)
  for (const name of readdirSync(home)) {
    if (/^lib(?:rt|resolv|util|nss_dns|nss_files)\.so\.\d+$/.test(name)) into(directory, join(home, name))
  }
  into(directory, "/etc/ssl/certs/ca-certificates.crt")
}

/** The base for the build: Node, npm and Busybox, which is the shell and its programs. */
const buildBase = (directory: string) => {
  withNode(directory, "/usr/local/bin/node")
  const npm = execFileSync("/bin/sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim()
  into(directory, dirname(dirname(realpathSync(npm))), "/opt/npm")
  into(directory, "/usr/bin/busybox", "/bin/busybox")
  const programs = execFileSync("/usr/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n")
  for (const program of programs) if (program !== "busybox") symlinkSync("busybox", join(directory, "bin", program))
  mkdirSync(join(directory, "usr/bin"), { recursive: true })
  symlinkSync("/bin/busybox", join(directory, "usr/bin/env"))
  for (const name of ["npm", "npx"]) {
    const script = `#!/bin/sh\nexec node /opt/npm/bin/${name}-cli.js "$@"\n`
    writeFileSync(join(directory, "usr/local/bin", name), script, { mode: 0o755 })
  }
  writeFileSync(join(directory, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n")
  for (const name of ["tmp", "root", "home/node"]) mkdirSync(join(directory, name), { recursive: true })
}

/** The base for running: Node alone. */
const runtimeBase = (directory: string) => {
  withNode(directory, "/nodejs/bin/node")
  writeFileSync(join(directory, "etc/passwd"), "root:x:0:0::/root:\nnonroot:x:65532:65532::/home/nonroot:\n")
  for (const name of ["tmp", "proc", "dev", "home/nonroot"]) mkdirSync(join(directory, name), { recursive: true })
}

const decode = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ Docker: Schema.Struct({ config: Configuration }) }))
)

/** Builds the image of the Dockerfile. It is removed when the scope closes. */
export const build = Effect.gen(function* () {
  const home = yield* Servers.temporaryDirectory
  const buildah = (timeout: number, ...args: ReadonlyArray<string>) =>
    Servers.run(
      "/usr/bin/buildah",
      ["--storage-driver", "vfs", "--root", join(home, "storage"), "--runroot", join(home, "run"), ...args],
      { timeout, maxBuffer: 1 << 26 }
    )
  const registry = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim()
  // A machine may reach the npm registry through a proxy with an authority of its own.
  const environment = [
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
    "npm_config_cafile=/etc/ssl/certs/ca-certificates.crt",
    `npm_config_registry=${registry}`
  ].join(" ")
  const base = Effect.fnUntraced(function* (name: string, fill: (directory: string) => void) {
    const directory = join(home, name)
    mkdirSync(directory)
    fill(directory)
    writeFileSync(
      `${directory}.Dockerfile`,
      `FROM scratch\nCOPY . /\n${name === "build" ? `ENV ${environment}\n` : ""}`
    )
    yield* buildah(60_000, "bud", "--isolation", "chroot", "-f", `${directory}.Dockerfile`, "-t", name, directory)
    return ["--build-arg", `${name.toUpperCase()}_IMAGE=localhost/${name}`]
  })
  const bases = [...(yield* base("build", buildBase)), ...(yield* base("runtime", runtimeBase))]
  yield* buildah(
    480_000,
    ...["bud", "--isolation", "chroot", "--format", "docker", "--pull-never", ...bases, "-t", "usage", root]
  )
  const container = (yield* buildah(30_000, "from", "--pull-never", "usage")).trim()
  const { Docker } = yield* decode(yield* buildah(30_000, "inspect", container))
  const files = (yield* buildah(30_000, "mount", container)).trim()
  return { configuration: Docker.config, files } satisfies Image
})

export interface Options {
  /** `docker run --user`. Default: the image's. */
  readonly user?: string | undefined
  /** `docker run --env`. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** `docker run --volume`: directories and files of the machine by their paths in the container. */
  readonly volumes?: Readonly<Record<string, string>> | undefined
}

export interface Container extends Program.Program {
  /** `docker kill --signal`. */
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** `docker exec`: runs a command beside the main process, which is the process 1. */
  readonly exec: (...command: ReadonlyArray<string>) => ReturnType<typeof Program.launch>
}

/**
 * Runs a container like `docker run --network host --read-only IMAGE ARGS`: with processes and mounts of its own, a
 * read-only root, and a user that no file need name.
 */
export const run = Effect.fnUntraced(function* (
  { configuration, files }: Image,
  args: ReadonlyArray<string>,
  options: Options = {}
) {
  const volumes = Object.entries(options.volumes ?? {})
  // The places of volumes exist before the root is read-only.
  for (const [place, source] of volumes) {
    const target = join(files, place)
    if (existsSync(target)) continue
    mkdirSync(dirname(target), { recursive: true })
    if (statSync(source).isDirectory()) mkdirSync(target)
    else writeFileSync(target, "")
  }
  const [uid, gid = "0"] = (options.user ?? configuration.User).split(":")
  const chroot = ["/usr/sbin/chroot", `--userspec=${uid}:${gid}`, "--groups=", files]
  const env = { ...Object.fromEntries(configuration.Env.map((text) => text.split(/=(.*)/s))), ...options.env }
  const mounts = `
set -e
root=$1; shift
mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"; mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done
shift; exec "$@"`
  const program = yield* Program.launch(
    "/usr/bin/unshare",
    [
      ...["--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", mounts, "sh", files],
      ...volumes.flatMap(([place, source]) => [source, place]),
      ...["--", ...chroot, ...configuration.Entrypoint, ...args]
    ],
    { env, stopSignal: "SIGKILL" }
  )
  const main = Effect.sync(() => Number(readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, "utf8")))
  // A process that has changed its user is not killed with its parent.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => (program.isRunning() ? Effect.map(main, (pid) => process.kill(pid, "SIGKILL")) : Effect.void))
  )
  return {
    ...program,
    kill: (signal) => Effect.map(main, (pid) => void process.kill(pid, signal)),
    exec: (...command) =>
      Effect.flatMap(main, (pid) =>
        Program.launch("/usr/bin/nsenter", [`--target=${pid}`, "--mount", "--pid", ...chroot, ...command], { env })
      )
  } satisfies Container
})
