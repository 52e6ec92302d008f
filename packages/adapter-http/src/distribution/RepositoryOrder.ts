/** The repositories in the order of their listing, which is about the order in which a crawl reads them. */
import { Names } from "@gitlab-registry-usage/core"
import { Stream } from "effect"
import type { RequiredScope } from "../auth/Authorization.ts"
import * as Scope from "../auth/Scope.ts"

export type RepositoryOrder = ReturnType<typeof make>

export const make = () => {
  // A map keeps the order of insertion but cannot begin in the middle, so the places are kept beside the names.
  let names: Array<Names.RepositoryName> = []
  const places = new Map<Names.RepositoryName, number>()
  const after = function* (name: Names.RepositoryName): Iterable<Scope.Scope> {
    const place = places.get(name) ?? names.length
    for (let next = place + 1; next < names.length; next++) yield Scope.pull(names[next]!)
  }
  return {
    /** A listing, whose names replace those of the listing before. */
    record: <E>(listing: Stream.Stream<string, E>) =>
      Stream.suspend(() => {
        names = []
        places.clear()
        return Stream.mapArray(listing, (more) => {
          for (const name of more) {
            if (Names.isRepositoryName(name) && !places.has(name)) places.set(name, names.push(name) - 1)
          }
          return more
        })
      }),
    /** The scope to read the repository, and with it the scopes of those that the crawl reads next. */
    pull: (name: Names.RepositoryName): RequiredScope => ({ scope: Scope.pull(name), also: () => after(name) })
  }
}
