/** Instants as addresses and form fields have them. */

/** An instant in seconds since 1970 as ISO 8601. */
export const fromSeconds = (seconds: number): string => new Date(Math.round(seconds * 1000)).toISOString()

/** The day (`2026-01-31`) of a date in the user's time zone. */
export const toDay = (date: Date): string =>
  // Sweden writes dates as ISO 8601 does.
  date.toLocaleDateString("sv")

/** The end of a day (`2026-01-31`) in the user's time zone; undefined where that is not past, or no day. */
export const endOfDay = (day: string, now: Date): string | undefined => {
  const end = new Date(`${day}T23:59:59.999`)
  return Number.isNaN(end.getTime()) || end >= now ? undefined : end.toISOString()
}
