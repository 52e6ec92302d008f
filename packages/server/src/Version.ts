/** The version of this package. */
import { createRequire } from "node:module"

const manifest = createRequire(import.meta.url)("../package.json") as { readonly version: string }

/** The version in `package.json`, which is one level above `src` and above `dist`. */
export const version: string = manifest.version
