// npm run docs: writes docs/api from the docstrings.
import { exec, install } from "./workspace.mjs"

install()
exec(["packages/reference/src/main.ts"])
