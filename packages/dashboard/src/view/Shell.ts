/** What every part of the page needs. */
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import type { Cache } from "../api/Cache.ts"
import type { Client } from "../api/Client.ts"
import type { Problem } from "../api/Problem.ts"
import type { Units } from "./Format.ts"
import type { View } from "./Location.ts"

export interface Shell {
  readonly client: Client
  readonly cache: Cache
  readonly units: Units
  readonly view: View
  /** Changes the view. `replace` leaves no step to go back to. */
  readonly go: (change: Partial<View>, replace?: boolean) => void
  /** The address of the view after a change, for links. */
  readonly href: (change: Partial<View>) => string
  /** Tells of a problem: a token that is no longer accepted ends the session. */
  readonly report: (problem: Problem) => void
}

const context = createContext<Shell | undefined>(undefined)

export const Provider = context.Provider

export const useShell = (): Shell => {
  const shell = useContext(context)
  if (shell === undefined) throw new Error("outside of the page")
  return shell
}
