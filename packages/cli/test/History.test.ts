import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { expect } from "vitest"
import { days, layerServer, Server } from "./historyServer.ts"
import { directory, layerProgram, Program, type RunOptions } from "./program.ts"

const golden = (name: string, text: string) =>
  Effect.promise(async () => expect(text).toMatchFileSnapshot(`golden/${name}`))

/** The output of the program for the file and for the server, which must be the same. */
const fromBoth = Effect.fnUntraced(function* (args: ReadonlyArray<string>, options: RunOptions = {}) {
  const program = yield* Program
  const { database, tokenFile, url } = yield* Server
  const fromFile = yield* program.run([...args, "--database", database], options)
  const fromServer = yield* program.run([...args, "--api", url, "--api-token-file", tokenFile], options)
  expect({ args, ...fromFile }).toMatchObject({ args, status: 0 })
  expect({ args, ...fromServer }).toEqual({ args, ...fromFile })
  return fromFile
})

/** The program exits with the status, reports why, and writes nothing to the standard output. */
const ends = Effect.fnUntraced(function* (
  status: number,
  args: ReadonlyArray<string>,
  message: string | RegExp,
  env: Readonly<Record<string, string>> = {}
) {
  const program = yield* Program
  const { token } = yield* Server
  const result = yield* program.run(args, { env })
  expect({ args, status: result.status, stdout: result.stdout, stderr: result.stderr }).toMatchObject({
    args,
    status,
    stdout: ""
  })
  expect(result.stderr).toMatch(message)
  expect(result.stderr).not.toContain(token)
  expect(result.stderr).not.toMatch(/demo-password|\n {4}at /)
})

/** A server on this machine with any responses, and the requests that it received. */
const anyServer = Effect.fnUntraced(function* (answer: RequestListener) {
  const requests: Array<{ readonly url: string | undefined; readonly authorization: string | undefined }> = []
  const server = createServer((request, response) => {
    requests.push({ url: request.url, authorization: request.headers.authorization })
    answer(request, response)
  })
  yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
})

const digestOf = (path: string) =>
  Effect.promise(async () =>
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex")
  )

/** The file does not know a capacity, as the configuration of the server does. */
const growth = ["growth", "--capacity", "10MB"]

const json = (args: ReadonlyArray<string>) =>
  Effect.map(fromBoth([...args, "-o", "json"]), ({ stdout }) => JSON.parse(stdout))

layer(Layer.mergeAll(layerProgram, layerServer), { timeout: "120 seconds", excludeTestServices: true })(
  "history",
  (it) => {
    const forms = { table: "txt", json: "json", ndjson: "ndjson", csv: "csv", markdown: "md", openmetrics: "om" }

    for (const [form, extension] of Object.entries(forms)) {
      it.effect(`history -o ${form} is the same from the database and over the API`, () =>
        Effect.gen(function* () {
          const { stdout } = yield* fromBoth(["history", "--from", "7d", "-o", form])
          yield* golden(`history.${extension}`, stdout)
        })
      )
    }

    it.effect("history has a point a day, of which each change is the difference to the one before", () =>
      Effect.gen(function* () {
        const { points, schema_version } = yield* json(["history", "group/app", "--from", "100d"])
        expect(schema_version).toBe(1)
        expect(points).toHaveLength(days + 1)
        points.slice(1).forEach((point: any, i: number) => {
          expect(point.change_bytes).toBe(point.disk_bytes - points[i].disk_bytes)
          expect(point.change_bytes).toBeGreaterThan(99_000)
        })
      })
    )

    it.effect("history shows every snapshot with a step of 0, and otherwise the last of each step", () =>
      Effect.gen(function* () {
        expect((yield* json(["history", "--since", "5d", "--step", "0"])).points).toHaveLength(6)
        const weekly = yield* json(["history", "--since", "28d", "--step", "7d"])
        expect(weekly.step_seconds).toBe(7 * 86_400)
        expect(weekly.points.map((point: any) => point.taken_at.slice(0, 10))).toEqual([
          "2026-02-04",
          "2026-02-11",
          "2026-02-18",
          "2026-02-25",
          "2026-03-01"
        ])
      })
    )

    it.effect("history takes instants, and shows groups and what no longer exists", () =>
      Effect.gen(function* () {
        const { from, points, to } = yield* json(["history", "old/gone", "--from", "2026-02-20", "--to", "3d"])
        expect([from, to]).toEqual(["2026-02-20T00:00:00.000Z", "2026-02-26T12:00:00.000Z"])
        expect(points.map((point: any) => point.taken_at.slice(8, 10))).toEqual(["20", "21", "22", "23"])
        const group = yield* json(["history", "group/", "--from", "2026-02-25T00:00:00+01:00"])
        expect(group).toMatchObject({ namespace: "group", from: "2026-02-24T23:00:00.000Z" })
        expect(group.points.map((point: any) => point.repositories)).toEqual([1, 2, 2, 2, 2])
        const unreadable = yield* json(["history", "closed/vault", "--from", "4d"])
        expect(unreadable.points.map((point: any) => point.disk_bytes)).toEqual([
          expect.any(Number),
          null,
          null,
          null,
          null
        ])
        expect(unreadable.points.map((point: any) => point.change_bytes)).toEqual([undefined, null, null, null, null])
      })
    )

    it.effect("history takes the flags of every table, and a quiet one says nothing else", () =>
      Effect.gen(function* () {
        const { stdout } = yield* fromBoth([
          "history",
          "group/app",
          "--from",
          "1d",
          "--columns",
          "time,change",
          "--bytes",
          "--no-header",
          "-q"
        ])
        expect(stdout).toBe("2026-02-28 12:00\n2026-03-01 12:00  +100191\nTOTAL             +100191\n")
        const { stderr } = yield* fromBoth(["history", "--from", "2027-01-01", "--to", "2027-01-02"])
        expect(stderr).toBe("no snapshot of it is kept from 2027-01-01 00:00 to 2027-01-02 00:00 (UTC)\n")
        const quiet = yield* fromBoth(["history", "--from", "2027-01-01", "--to", "2027-01-02", "-q"])
        expect(quiet.stderr).toBe("")
      })
    )

    it.effect("bars are of ASCII where a terminal has nothing else, and without colour", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { database } = yield* Server
        const on = (env: Record<string, string>) =>
          program.runOnTerminal(["history", "--from", "1d", "--database", database], { columns: 100, env })
        const plain = yield* on({ LANG: "C", LC_ALL: "C", NO_COLOR: "1" })
        expect(plain.status).toBe(0)
        expect(plain.stdout).toMatch(/#{11,12} /)
        // oxlint-disable-next-line no-control-regex
        expect(plain.stdout).toMatch(/^[\x20-\x7e\n]+$/)
        expect((yield* on({ NO_COLOR: "1" })).stdout).toContain("████████████")
        const narrow = yield* program.runOnTerminal(["history", "--from", "7d", "--database", database], {
          columns: 50,
          env: { NO_COLOR: "1" }
        })
        for (const line of narrow.stdout.trimEnd().split("\n")) expect([...line].length).toBeLessThanOrEqual(50)
      })
    )

    it.effect("growth shows what grew, what is new, what is gone and what is unknown", () =>
      Effect.gen(function* () {
        for (const [form, extension] of [
          ["table", "txt"],
          ["json", "json"],
          ["csv", "csv"]
        ] as const) {
          const args = [...growth, "-o", form]
          yield* golden(`growth.${extension}`, (yield* fromBoth(args)).stdout)
        }
        const { stderr } = yield* fromBoth([...growth, "--si"])
        expect(stderr).toBe(
          "from 2026-02-22 12:00 to 2026-03-01 12:00 (UTC)\n" +
            "20.6 kB of the change could be read at one of the two instants only\n" +
            "10.0 MB will be full in 56 days (2026-04-26), by theil-sen over 41 days\n"
        )
      })
    )

    it.effect("growth adds up: the changes of all repositories are that of the registry", () =>
      Effect.gen(function* () {
        const { change_bytes, matching, repositories } = yield* json([...growth, "--since", "2026-02-20", "--to", "4d"])
        expect(matching).toBe(repositories.length)
        expect(repositories.reduce((sum: number, row: any) => sum + row.change_bytes, 0)).toBe(change_bytes)
      })
    )

    it.effect("growth is of namespaces, of another size, of a group, and of the first few", () =>
      Effect.gen(function* () {
        const nested = yield* json([...growth, "--of", "namespaces", "--since", "4d"])
        expect(nested.namespaces.map((row: any) => row.namespace)).toEqual(["group", "group/sub", "tools", "closed"])
        const size = yield* json(["growth", "--by", "size", "group/", "-n", "1"])
        expect(size).toMatchObject({ namespace: "group", by: "size", matching: 2, projection: null })
        expect(size.repositories.map((row: any) => row.repository)).toEqual(["group/app"])
        const { stdout } = yield* fromBoth([...growth, "-n", "1", "--columns", "name", "--no-header"])
        expect(stdout).toBe("group/app\n(4 more)\nTOTAL\n")
      })
    )

    it.effect("growth knows the capacity of the server", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { credentialsFile, database, url } = yield* Server
        const { status, stderr, stdout } = yield* program.run(["growth", "--api", url, "-c", credentialsFile, "--si"])
        expect(status).toBe(0)
        expect(stdout).toContain("group/app")
        expect(stderr).toContain("10.0 MB will be full in 56 days (2026-04-26), by theil-sen over 41 days\n")
        const unknown = yield* program.run(["growth", "--database", database, "--bytes"])
        expect(unknown.stderr).toMatch(
          /\n\+\d+ a day, by theil-sen over 41 days; add --capacity to see when it will be full\n$/
        )
        const full = yield* program.run(["growth", "--database", database, "--capacity", "1MB", "--si"])
        expect(full.stderr).toContain("\n1.00 MB is full\n")
      })
    )

    it.effect("10: growth beyond --max-growth, with the data written all the same", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { database } = yield* Server
        const limited = (...limit: ReadonlyArray<string>) =>
          program.run(["growth", "--database", database, "--bytes", ...limit])
        const over = yield* limited("--since", "1d", "--max-growth", "100kB")
        expect(over.status).toBe(10)
        expect(over.stdout).toContain("group/app")
        expect(over.stderr).toContain(
          "error: over budget: the registry grew by 100191, which is 191 over the 100000 that it may grow by\n"
        )
        expect((yield* limited("--since", "1d", "--max-growth", "100191")).status).toBe(0)
        expect((yield* limited("--since", "1d", "--max-growth", "2%")).status).toBe(10)
        expect((yield* limited("--since", "1d", "--max-growth", "3%")).status).toBe(0)
        // What shrank is within any limit.
        expect((yield* limited("old/", "--max-growth", "0%")).status).toBe(0)
      })
    )

    it.effect(
      "diff --since shows what two saved snapshots would, and over the API all but the tag that moved to the same size",
      () =>
        Effect.gen(function* () {
          const program = yield* Program
          const { database, tokenFile, url } = yield* Server
          const diff = (...args: ReadonlyArray<string>) => program.run(["diff", "--since", "7d", ...args])
          const fromFile = yield* diff("--database", database)
          expect(fromFile).toMatchObject({
            status: 0,
            stderr: `warning: 1 thing could not be read or left out, so sizes may be too small; the server's log and its API name them\n`
          })
          yield* golden("diff-since.txt", fromFile.stdout)
          const repositoriesOf = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout)
          const whole = repositoriesOf(yield* diff("--database", database, "-o", "json"))
          const remote = repositoriesOf(yield* diff("--api", url, "--api-token-file", tokenFile, "-o", "json"))
          const moved = { repository: "tools/build", tags_moved: ["latest"] }
          expect(whole.repositories).toContainEqual(expect.objectContaining(moved))
          expect({ ...whole, repositories: [] }).toEqual({ ...remote, repositories: [] })
          // Its sizes are the same, so that nothing else of it changed.
          const byName = (rows: ReadonlyArray<any>) =>
            rows
              .map((row) => ({ ...row, new_bytes: null, freed_bytes: null, moved_bytes: null }))
              .toSorted((a, b) => (a.repository < b.repository ? -1 : 1))
          // Over the API blobs are not compared.
          expect(remote.repositories.every((row: any) => row.new_bytes === null)).toBe(true)
          expect(byName(remote.repositories)).toEqual(
            byName(whole.repositories.filter((row: any) => row.repository !== "tools/build"))
          )
        })
    )

    it.effect("2: sources and flags that do not go together, before anything is read", () =>
      Effect.gen(function* () {
        const { database, url } = yield* Server
        for (const command of [["history"], ["growth"], ["diff", "--since", "7d"]]) {
          yield* ends(2, command, /error: earlier snapshots of what\?\nhint: .*--database.*--api/)
          yield* ends(2, [...command, "--database", database, "--api", url], "both --database and --api")
        }
        const from = (...args: ReadonlyArray<string>) => [...args, "--database", database]
        yield* ends(2, from("history", "--from", "soon"), '--from: "soon" is no instant such as 7d')
        yield* ends(2, from("history", "--since", "2026-02-30"), "an instant such as 7d")
        yield* ends(2, from("history", "--since", "7d", "--from", "7d"), "both --since and --from")
        yield* ends(2, from("history", "--from", "1d", "--to", "2d"), "the period ends")
        yield* ends(2, from("history", "--step", "often"), "a duration such as 1h")
        yield* ends(2, from("history", "Not A Name"), "is neither a repository")
        yield* ends(2, from("history", "no/such"), "no/such is neither there now nor was it in this period")
        yield* ends(2, from("history", "grop/app"), "hint: did you mean group/app?")
        yield* ends(2, from("growth", "no/such/"), "there is no group no/such")
        yield* ends(2, from("growth", "grop/"), "hint: did you mean group/?")
        yield* ends(2, from("growth", "--to", "2026-01-01", "--since", "2025-12-01"), "the oldest is of 2026-01-20")
        yield* ends(2, from("growth", "--capacity", "2TB", "group/"), "that of the whole registry")
        yield* ends(2, from("growth", "-n", "0"), "Expected: a whole number of at least 1")
        yield* ends(2, from("growth", "--max-growth", "much"), "a growth such as 5% or 10GB")
        yield* ends(2, from("growth", "-o", "openmetrics"), "growth has no output openmetrics")
        yield* ends(2, from("diff"), "since when?")
        yield* ends(2, from("diff", "a", "b"), "both saved snapshots and --database or --api")
        yield* ends(2, ["diff", "a", "b", "--since", "7d"], "both saved snapshots and --since")
        yield* ends(2, ["diff", "a"], "compare what?")
        yield* ends(2, from("diff", "--since", "100d"), "the oldest is of 2026-01-20T12:00:00.000Z")
        yield* ends(2, ["history", "--api", url], "--api: as whom?")
        yield* ends(2, ["history", "--api", "http://usage.example.com"], /over http everybody .*\nhint: use https/)
        yield* ends(2, ["history"], "over http everybody", { GITLAB_REGISTRY_USAGE_API: "http://usage.example.com" })
      })
    )

    it.effect("2: a file that is no database of a server is neither made nor moved nor altered", () =>
      Effect.gen(function* () {
        const { database } = yield* Server
        const place = yield* directory
        const at = (name: string) => join(place, name)
        const history = (name: string) => ["history", "--database", at(name)]
        yield* ends(2, history("missing.sqlite"), "missing.sqlite cannot be read (NotFound)")
        expect(yield* Effect.promise(() => readdir(place))).toEqual([])
        yield* Effect.promise(() => writeFile(at("notes.txt"), "SQLite is no notebook"))
        yield* ends(2, history("notes.txt"), "notes.txt is no SQLite database")
        yield* Effect.promise(() => copyFile(database, at("damaged.sqlite")))
        yield* Effect.promise(async () => {
          const bytes = await readFile(at("damaged.sqlite"))
          bytes.fill(0xa5, 4096)
          await writeFile(at("damaged.sqlite"), bytes)
        })
        const before = yield* digestOf(at("damaged.sqlite"))
        yield* ends(2, history("damaged.sqlite"), /damaged.sqlite cannot be read: /)
        expect(yield* digestOf(at("damaged.sqlite"))).toBe(before)
        const left = (yield* Effect.promise(() => readdir(place))).filter((name) => !/-(wal|shm)$/.test(name))
        expect(left.toSorted()).toEqual(["damaged.sqlite", "notes.txt"])
      })
    )

    it.effect("reading leaves the database of a server as it is", () =>
      Effect.gen(function* () {
        const { database } = yield* Server
        const before = yield* digestOf(database)
        yield* json(["history"])
        yield* json(growth)
        expect(yield* digestOf(database)).toBe(before)
      })
    )

    it.effect("signs in with the file of credentials, and reads with a token of the environment", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { credentialsFile, token, url } = yield* Server
        const env = { GITLAB_REGISTRY_USAGE_API: url }
        const args = ["history", "--from", "1d", "-o", "csv"]
        const signedIn = yield* program.run([...args, "-c", credentialsFile], { env })
        expect(signedIn.status).toBe(0)
        const withToken = yield* program.run(args, { env: { ...env, GITLAB_REGISTRY_USAGE_TOKEN: token } })
        expect(withToken).toEqual(signedIn)
        yield* ends(3, args, /401|token[^]*hint: check --api-token-file/, {
          ...env,
          GITLAB_REGISTRY_USAGE_TOKEN: "wrong"
        })
        const wrong = join(yield* directory, "credentials")
        yield* Effect.promise(() => writeFile(wrong, "demo\nnot-the-password\n"))
        yield* ends(3, [...args, "-c", wrong], "the user name or the password is wrong", env)
      })
    )

    it.effect("2: a server that keeps no history, or is asked for too much, says what to do", () =>
      Effect.gen(function* () {
        const { tokenFile, url, withoutHistory } = yield* Server
        const api = (url: string, ...args: ReadonlyArray<string>) => [
          ...args,
          "--api",
          url,
          "--api-token-file",
          tokenFile
        ]
        for (const command of [["history"], ["growth"], ["diff", "--since", "7d"]]) {
          yield* ends(2, api(withoutHistory, ...command), /keeps no earlier snapshots\nhint: .*\[database\]/)
        }
        yield* ends(2, api(url, "history", "no/such"), "--api: ")
        yield* ends(2, api(url, "history", "grop/app"), "hint: did you mean group/app?")
        yield* ends(2, api(url, "growth", "grop/"), "hint: did you mean group/?")
        yield* ends(2, api(url, "history", "--from", "1d", "--to", "2d"), "which is after to")
        yield* ends(2, api(url, "diff", "--since", "100d"), "the oldest is of 2026-01-20")
        yield* ends(2, api(`${url}/none`, "history"), "with its prefix if it has one?")
      })
    )

    it.effect("5 and 1: nobody listens, the server cannot answer, or it is another one", () =>
      Effect.gen(function* () {
        const { token } = yield* Server
        const env = { GITLAB_REGISTRY_USAGE_TOKEN: token }
        yield* ends(5, ["history", "--api", "http://127.0.0.1:9"], "cannot be reached (ECONNREFUSED)", env)
        const busy = yield* anyServer((_, response) => {
          response.writeHead(503, { "content-type": "application/problem+json", "retry-after": "5" })
          response.end(JSON.stringify({ detail: "not now\u001b[2J" }))
        })
        yield* ends(5, ["history", "--api", busy.url], "error: --api: not now [2J\nhint: try again later\n", env)
        const other = yield* anyServer((_, response) => response.end("<html>"))
        yield* ends(1, ["history", "--api", other.url], "is not understood", env)
        const elsewhere = yield* anyServer((_, response) =>
          response.writeHead(301, { location: "https://x.test/" }).end()
        )
        yield* ends(2, ["history", "--api", elsewhere.url], /elsewhere: https:\/\/x.test\//, env)
      })
    )

    it.effect("the token goes nowhere but to the server of --api", () =>
      Effect.gen(function* () {
        const { token } = yield* Server
        const thief = yield* anyServer((_, response) => response.end("{}"))
        const liar = yield* anyServer((_, response) => {
          response.setHeader("content-type", "application/hal+json")
          const _links = { history: { href: `${thief.url}/history` }, token: { href: `${thief.url}/auth_token` } }
          response.end(JSON.stringify({ name: "GitLab Registry Usage", _links }))
        })
        const env = { GITLAB_REGISTRY_USAGE_TOKEN: token }
        yield* ends(1, ["history", "--api", liar.url], "a link leads away from", env)
        expect(thief.requests).toEqual([])
        // Nobody needs a token to find the links.
        expect(liar.requests).toEqual([{ url: "/?links=true", authorization: undefined }])
      })
    )
  }
)
