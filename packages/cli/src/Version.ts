/**
 * The version of this package.
 */
import manifest from "../package.json" with { type: "json" }

/**
 * As in `package.json`; the build writes it into the program.
 */
export const version: string = manifest.version
