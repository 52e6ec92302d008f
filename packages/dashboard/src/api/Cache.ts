/** What was asked for, and what became of it. */
import { fromUnknown, type Problem } from "./Problem.ts"

export type Loaded<A> =
  | { readonly state: "loading" }
  | { readonly state: "done"; readonly value: A }
  | { readonly state: "failed"; readonly problem: Problem }

/** Keeps the answers of one snapshot: each is asked for once, and again only after it failed. */
export interface Cache {
  readonly get: <A>(key: string) => Loaded<A> | undefined
  /** Asks where that was not done yet. */
  readonly load: <A>(key: string, ask: () => Promise<A>) => Loaded<A>
  readonly retry: <A>(key: string, ask: () => Promise<A>) => void
}

/** `onChange` is called after each answer, `onProblem` with each problem. */
export const make = (onChange: () => void, onProblem: (problem: Problem) => void): Cache => {
  const entries = new Map<string, Loaded<unknown>>()
  const start = <A>(key: string, ask: () => Promise<A>): Loaded<A> => {
    const loading: Loaded<A> = { state: "loading" }
    entries.set(key, loading)
    void ask()
      .then(
        (value): Loaded<A> => ({ state: "done", value }),
        (error: unknown): Loaded<A> => {
          const problem = fromUnknown(error)
          onProblem(problem)
          return { state: "failed", problem }
        }
      )
      .then((loaded) => {
        entries.set(key, loaded)
        onChange()
      })
    return loading
  }
  const get = <A>(key: string) => entries.get(key) as Loaded<A> | undefined
  return {
    get,
    load: (key, ask) => get(key) ?? start(key, ask),
    retry: (key, ask) => {
      start(key, ask)
      onChange()
    }
  }
}
