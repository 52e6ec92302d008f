/** Another source of a listing. */
import type { Registry } from "@gitlab-registry-usage/core"
import { Stream } from "effect"

type Listing<A> = Stream.Stream<A, Registry.RegistryError>

/**
 * Where the listing fails before its first entry, continues with the one that `instead` returns. After an entry it fails:
 * another listing would begin anew in the middle.
 */
export const orElseWhileEmpty = <A>(
  first: Listing<A>,
  instead: (error: Registry.RegistryError) => Listing<A> | undefined
): Listing<A> =>
  Stream.suspend(() => {
    let isEmpty = true
    return first.pipe(
      Stream.mapArray((entries) => {
        isEmpty = false
        return entries
      }),
      Stream.catch((error) => (isEmpty ? instead(error) : undefined) ?? Stream.fail(error))
    )
  })
