/** Formats figures for people. */

/**
 * An integer with separated thousands.
 */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US")

/** A number with as many significant digits as a noisy measurement justifies. */
export const figure = (value: number): string =>
  Math.abs(value) >= 100 ? count(value) : String(Number(value.toPrecision(3)))

/**
 * Milliseconds as seconds.
 */
export const seconds = (milliseconds: number): string => `${figure(milliseconds / 1000)} s`
