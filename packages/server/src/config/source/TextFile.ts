/** Small files of text that the configuration names: secrets, certificates, keys. */
import { Effect, FileSystem } from "effect"

const reasons: Partial<Record<string, string>> = {
  NotFound: "there is no such file",
  PermissionDenied: "it may not be read by this user",
  BadResource: "it is not a file"
}

/**
 * The text of the file without a byte order mark, or the reason why it cannot be read. The reason quotes neither the
 * path, which may be a secret in the wrong place, nor the content.
 */
export const readText = Effect.fnUntraced(function* (
  path: string
): Effect.fn.Return<string, string, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs
    .readFile(path)
    .pipe(Effect.mapError(({ reason }) => `cannot be read: ${reasons[reason._tag] ?? reason._tag}`))
  return yield* Effect.try({
    // The decoder removes the byte order mark.
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => "cannot be read: it is not text in UTF-8"
  })
})

/** The text of a secret's file without the end of line that editors and shells add. */
export const readSecret = (path: string): Effect.Effect<string, string, FileSystem.FileSystem> =>
  Effect.map(readText(path), (text) => text.replace(/\r?\n$/, ""))
