/** The version of this package. */
import { createRequire } from "node:module"

const manifest = createRequire(import.meta.url)("../package.json") as { readonly version: string }

/** As in `package.json`, which stands one level above the sources as well as above what is built from them. */
export const version: string = manifest.version
