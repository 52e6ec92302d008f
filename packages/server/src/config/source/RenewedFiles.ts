/**
 * Values of files that may be replaced while the server runs: passwords, tokens, certificates.
 */
import { Effect, Equal, FileSystem, Option, type Result } from "effect"

/** The files of one value. */
export interface Options<A> {
  /** The key that names the files, for messages. */
  readonly subject: string
  readonly paths: ReadonlyArray<string>
  /** The value that was read at the start. */
  readonly first: A
  /** The text of a file, or why it cannot be read. */
  readonly read: (path: string) => Effect.Effect<string, string, FileSystem.FileSystem>
  /** The value of the texts, or why they cannot be used; the reason does not quote them. */
  readonly decode: (texts: ReadonlyArray<string>) => Result.Result<A, string>
}

/** Which file a path leads to, and its state. Kubernetes replaces the files of a secret by moving a link. */
const identity = (path: string): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.stat(path)).pipe(
    Effect.map(({ dev, ino, mtime, size }) =>
      [dev, Option.getOrElse(ino, () => 0), Option.getOrElse(mtime, () => new Date(0)).getTime(), size].join()
    ),
    Effect.orElseSucceed(() => "missing")
  )

/**
 * An effect with the value now. It reads the files when they were replaced. While they cannot be used, it returns the last
 * value, and logs that once.
 */
export const make = Effect.fnUntraced(function* <A>({
  decode,
  first,
  paths,
  read,
  subject
}: Options<A>): Effect.fn.Return<Effect.Effect<A>, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  let value = first
  let seen = ""
  let problem: string | undefined

  const renew = Effect.gen(function* () {
    const now = (yield* Effect.forEach(paths, identity)).join(" ")
    if (now === seen) return value
    const next = yield* Effect.forEach(paths, read).pipe(Effect.flatMap((texts) => Effect.fromResult(decode(texts))))
    seen = now
    problem = undefined
    if (Equal.equals(value, next)) return value
    value = next
    yield* Effect.logInfo(`${subject}: the file was replaced, and its new content is used`)
    return value
  })
  return renew.pipe(
    Effect.catch((message) => {
      if (message === problem) return Effect.succeed(value)
      problem = message
      return Effect.as(Effect.logWarning(`${subject}: the file ${message}; its former content is used`), value)
    }),
    Effect.provideService(FileSystem.FileSystem, fs)
  )
})
