/** The context of every part of the page. */
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import type { Cache } from "../api/Cache.ts"
import type { Client } from "../api/Client.ts"
import type { Problem } from "../api/Problem.ts"
import type { Units } from "./Format.ts"
import type { View } from "./Location.ts"

/** How much the disk of the registry holds, and the unit in which it is configured. */
export interface Capacity {
  readonly bytes: number
  readonly unit: string | undefined
}

export interface PageContext {
  readonly client: Client
  readonly cache: Cache
  readonly units: Units
  readonly view: View
  /** Undefined where it is not known. */
  readonly capacity: Capacity | undefined
  /** Changes the view. `replace` adds no entry to the browser's history. */
  readonly go: (change: Partial<View>, replace?: boolean) => void
  /** The address of the view after a change, for links. */
  readonly href: (change: Partial<View>) => string
  /** Handles a problem: a token that is no longer accepted ends the session. */
  readonly report: (problem: Problem) => void
}

const context = createContext<PageContext | undefined>(undefined)

export const Provider = context.Provider

export const usePage = (): PageContext => {
  const page = useContext(context)
  if (page === undefined) throw new Error("outside of the page")
  return page
}
