import { Deferred, Effect, Result } from "effect"
import type { Bytes } from "../registry/Bytes.ts"
import type { Digest } from "../registry/Digest.ts"
import type { RepositoryName } from "../registry/Names.ts"
import type { RegistryError } from "../registry/Registry.ts"

/** The size of a layer as it is stored, `undefined` where the registry does not have it. */
type Answer = Result.Result<Bytes | undefined, RegistryError>

const isStored = (answer: Answer): boolean => Result.isSuccess(answer) && answer.success !== undefined

/** Runs the effect once for each key; everybody else waits for the same result. */
const once = <A, E>(known: Map<string, Deferred.Deferred<A, E>>, key: string, run: () => Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const earlier = known.get(key)
    if (earlier !== undefined) return Deferred.await(earlier)
    const answer = Deferred.makeUnsafe<A, E>()
    known.set(key, answer)
    return Effect.andThen(Deferred.into(run(), answer), Deferred.await(answer))
  })

/**
 * Finds out whether layers are stored that need not be. A digest that one repository has is stored, and no other is asked;
 * a digest that one does not have may have been pushed to another.
 */
export const storedLayers = <E>(
  blobSize: (repository: RepositoryName, digest: Digest) => Effect.Effect<Result.Result<Bytes, RegistryError>, E>
): ((repository: RepositoryName, digest: Digest) => Effect.Effect<Answer, E>) => {
  const first = new Map<string, Deferred.Deferred<Answer, E>>()
  const own = new Map<string, Deferred.Deferred<Answer, E>>()
  return (repository, digest) => {
    const ask = () =>
      once(own, `${repository}@${digest}`, () =>
        Effect.map(blobSize(repository, digest), (answer): Answer =>
          Result.isFailure(answer) && answer.failure.reason._tag === "NotFound" ? Result.succeed(undefined) : answer
        )
      )
    return Effect.flatMap(once(first, digest, ask), (answer) => (isStored(answer) ? Effect.succeed(answer) : ask()))
  }
}
