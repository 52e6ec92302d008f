/**
 * Figures as people read them.
 *
 * @since 0.1.0
 */

/**
 * An integer with separated thousands.
 *
 * @category formatting
 * @since 0.1.0
 */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US")

/**
 * A number with so many significant digits that the noise of a measurement would change the last.
 *
 * @category formatting
 * @since 0.1.0
 */
export const figure = (value: number): string =>
  Math.abs(value) >= 100 ? count(value) : String(Number(value.toPrecision(3)))

/**
 * Milliseconds as seconds.
 *
 * @category formatting
 * @since 0.1.0
 */
export const seconds = (milliseconds: number): string => `${figure(milliseconds / 1000)} s`
