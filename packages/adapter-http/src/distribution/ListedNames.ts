/** The names of a listing. */
import type { Registry } from "@gitlab-registry-usage/core"
import { Effect, type Result } from "effect"
import type { HttpResponse } from "../transport/HttpResponse.ts"

/**
 * Decodes a page of a listing, and leaves out the entries whose names fit no grammar, because such a name cannot be part
 * of a URL. The log reports how many, not which: somebody else chose those names.
 */
export const decodeEntries =
  <A, B, C>(
    decode: (response: HttpResponse) => Result.Result<A, Registry.Malformed>,
    entries: (body: A) => ReadonlyArray<B> | null,
    toValid: (entry: B) => C | undefined,
    what: string
  ) =>
  (response: HttpResponse): Effect.Effect<ReadonlyArray<C>, Registry.Malformed> =>
    Effect.flatMap(Effect.fromResult(decode(response)), (body) => {
      const listed = entries(body) ?? []
      const valid = listed.flatMap((entry) => toValid(entry) ?? [])
      const left = listed.length - valid.length
      return left === 0
        ? Effect.succeed(valid)
        : Effect.as(Effect.logWarning(`left out ${left} ${what} whose names are not valid`), valid)
    })

/** Narrows a name to those of a grammar. */
export const validName =
  <A extends string>(guard: (text: string) => text is A) =>
  (name: string): A | undefined =>
    guard(name) ? name : undefined
