/**
 * The repositories in the order in which they were listed, which is about the order in which a crawl reads them.
 *
 * @since 0.1.0
 */
import type { Names } from "@gitlab-registry-usage/core"
import type { RequiredScope } from "../auth/Authorization.ts"
import * as Scope from "../auth/Scope.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface RepositoryOrder {
  /** Adds names that are not there yet. */
  readonly add: (names: ReadonlyArray<Names.RepositoryName>) => void
  /** Forgets all names, as a new listing begins. */
  readonly clear: () => void
  /** The names after this one, none where it was not listed. */
  readonly after: (name: Names.RepositoryName) => Iterable<Names.RepositoryName>
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (): RepositoryOrder => {
  // A map keeps the order of insertion but cannot begin in the middle, so the places are kept beside the names.
  let names: Array<Names.RepositoryName> = []
  const places = new Map<Names.RepositoryName, number>()
  return {
    add: (more) => {
      for (const name of more) {
        if (places.has(name)) continue
        places.set(name, names.length)
        names.push(name)
      }
    },
    clear: () => {
      names = []
      places.clear()
    },
    *after(name) {
      const place = places.get(name)
      if (place === undefined) return
      for (let next = place + 1; next < names.length; next++) yield names[next]!
    }
  }
}

const following = function* (order: RepositoryOrder, repository: Names.RepositoryName): Iterable<Scope.Scope> {
  for (const name of order.after(repository)) yield Scope.pull(name)
}

/**
 * What reading the repository needs, and with it what reading those that the crawl comes to next does.
 *
 * @category getters
 * @since 0.1.0
 */
export const pull = (order: RepositoryOrder, repository: Names.RepositoryName): RequiredScope => ({
  scope: Scope.pull(repository),
  also: () => following(order, repository)
})
