// npm run screenshots: writes docs/images from the page of the demo, in Chromium.
import { servers } from "./servers.mjs"
import { build, exec, install } from "./workspace.mjs"

install()
servers()
build()
exec(["packages/dashboard/test/screenshots.ts"])
