/**
 * The version of this package.
 *
 * @since 0.1.0
 */
import manifest from "../package.json" with { type: "json" }

/**
 * As in `package.json`; the build writes it into the program.
 *
 * @category constants
 * @since 0.1.0
 */
export const version: string = manifest.version
