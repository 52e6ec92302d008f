// npm run docs: writes docs/api.
import { fileURLToPath } from "node:url"
import { read } from "./Reference.ts"

const { warnings, write } = await read()
for (const warning of warnings) console.error(warning)
await write(fileURLToPath(new URL("../../../docs/api", import.meta.url)))
