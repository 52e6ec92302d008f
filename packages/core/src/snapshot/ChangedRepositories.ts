/**
 * The repositories that changed, until they are read as their notifications say. A registry may send a notification before
 * it writes the tag, and before it deletes it.
 */
import { type Change, isShown, isVerifiable } from "./Change.ts"
import type { Inventory, Repository } from "../inventory/Inventory.ts"
import type { RepositoryName } from "../registry/Names.ts"

/** How long to wait after the last change of a repository, in milliseconds: changes come in bursts. */
export const settling = 200

/** How long to wait after the first change at most, in milliseconds. */
const maximumDelay = 2000

/** The first pause before a repository is read again; it doubles each time. */
const firstPause = 250

/** How long a change is waited for, in milliseconds. */
const patience = 30_000

/** How many repositories, and how many changes of each, are remembered at most. */
const maximumRepositories = 65_536
const maximumChanges = 1000

interface Pending {
  /** By tag, or by digest where there is no tag: the last change of each counts. */
  readonly expected: Map<string, { readonly change: Change; readonly until: number }>
  /** When the first change came that no reading has followed yet. */
  first: number | undefined
  due: number
  attempts: number
}

const keyOf = ({ digest, tag }: Change): string => (tag === undefined ? `@${digest ?? ""}` : `:${tag}`)

export type ChangedRepositories = ReturnType<typeof make>

/** All times are in milliseconds of the same clock. */
export const make = () => {
  const repositories = new Map<RepositoryName, Pending>()

  const expect = ({ expected }: Pending, change: Change, now: number) => {
    const key = keyOf(change)
    if (change.tag === undefined && change.digest === undefined) {
      // The repository is gone.
      expected.clear()
    } else if (change.tag === undefined) {
      // What was pushed earlier is deleted now.
      for (const [key, { change: earlier }] of expected) if (earlier.digest === change.digest) expected.delete(key)
    } else if (change.isDeleted !== true) {
      expected.delete(keyOf({ ...change, tag: undefined }))
      expected.delete(keyOf({ repository: change.repository }))
    }
    if (expected.size < maximumChanges || expected.has(key)) expected.set(key, { change, until: now + patience })
  }

  return {
    add: (change: Change, now: number) => {
      let pending = repositories.get(change.repository)
      if (pending === undefined) {
        if (repositories.size >= maximumRepositories) return
        pending = { expected: new Map(), first: undefined, due: now, attempts: 0 }
        repositories.set(change.repository, pending)
      }
      pending.first ??= now
      pending.due = Math.min(now + settling, pending.first + maximumDelay)
      pending.attempts = 0
      if (isVerifiable(change)) expect(pending, change, now)
    },

    /** How long until a repository is to be read; undefined where none is. */
    wait: (now: number): number | undefined => {
      let next = Infinity
      for (const { due } of repositories.values()) next = Math.min(next, due)
      return next === Infinity ? undefined : Math.max(0, next - now)
    },

    /** The repositories to read now. */
    begin: (now: number): ReadonlySet<RepositoryName> => {
      const names = new Set<RepositoryName>()
      for (const [name, pending] of repositories) {
        if (pending.due > now) continue
        pending.first = undefined
        names.add(name)
      }
      return names
    },

    /** Those that were read are done where the inventory shows their changes; the others are to be read again later. */
    end: (names: ReadonlySet<RepositoryName>, inventory: Inventory | undefined, now: number) => {
      const read = new Map<RepositoryName, Repository>()
      for (const one of inventory?.repositories ?? []) if (names.has(one.name)) read.set(one.name, one)
      for (const name of names) {
        const pending = repositories.get(name)
        if (pending === undefined) continue
        const { expected } = pending
        for (const [key, { change, until }] of expected) {
          // Without an inventory there was no crawl yet, which reads everything.
          const isDone = inventory === undefined || isShown(change, inventory, read.get(name))
          if (isDone || now >= until) expected.delete(key)
        }
        // Another change came while the repository was read.
        if (pending.first !== undefined) continue
        if (expected.size === 0) repositories.delete(name)
        else pending.due = now + firstPause * 2 ** pending.attempts++
      }
    }
  }
}
