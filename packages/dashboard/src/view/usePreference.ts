/** A preference of the user, stored in the browser. */
import { useCallback, useState } from "preact/hooks"

const prefix = "gitlab-registry-usage."

const read = (name: string): string | null => {
  try {
    return localStorage.getItem(prefix + name)
  } catch {
    return null
  }
}

/** One of some values; the first is the default. Where storage is denied, the preference lasts as long as the page. */
export const usePreference = <A extends string>(
  name: string,
  values: readonly [A, ...ReadonlyArray<A>]
): readonly [A, (value: A) => void] => {
  const [value, setValue] = useState<A>(() => values.find((value) => value === read(name)) ?? values[0])
  const set = useCallback((value: A) => {
    setValue(value)
    try {
      localStorage.setItem(prefix + name, value)
    } catch {
      // The browser denies storage.
    }
  }, [])
  return [value, set]
}
