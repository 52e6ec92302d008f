/** Responses of the API, kept as long as the snapshot that they belong to is shown. */
import { fromUnknown, type Problem } from "./Problem.ts"

export type Loaded<A> =
  | { readonly state: "loading" }
  | { readonly state: "done"; readonly value: A }
  | { readonly state: "failed"; readonly problem: Problem }

/** Sends each request once, and again only after a failure. */
export interface Cache {
  /** The values that have arrived. */
  readonly done: () => ReadonlyMap<string, Loaded<unknown>>
  /** While a request is under way, the value of the previous snapshot, if there is one. */
  readonly get: <A>(key: string) => Loaded<A> | undefined
  /** Sends the request unless it was sent before. */
  readonly load: <A>(key: string, request: () => Promise<A>) => void
  readonly retry: <A>(key: string, request: () => Promise<A>) => void
}

/** Calls `onChange` after each response, and `onProblem` with each problem. `previous` holds values to show meanwhile. */
export const make = (
  onChange: () => void,
  onProblem: (problem: Problem) => void,
  previous: ReadonlyMap<string, Loaded<unknown>> = new Map()
): Cache => {
  const entries = new Map<string, Loaded<unknown>>()
  const start = async <A>(key: string, request: () => Promise<A>) => {
    entries.set(key, { state: "loading" })
    try {
      entries.set(key, { state: "done", value: await request() })
    } catch (error) {
      const problem = fromUnknown(error)
      onProblem(problem)
      entries.set(key, { state: "failed", problem })
    }
    onChange()
  }
  return {
    done: () => new Map([...entries].filter(([, { state }]) => state === "done")),
    get: <A>(key: string) => {
      const entry = entries.get(key)
      const isWaiting = entry === undefined || entry.state === "loading"
      return ((isWaiting ? previous.get(key) : undefined) ?? entry) as Loaded<A> | undefined
    },
    load: (key, request) => {
      if (!entries.has(key)) void start(key, request)
    },
    retry: (key, request) => {
      void start(key, request)
      onChange()
    }
  }
}
