// The API in an existing HTTP server. PORT=8080 USAGE_CONF=usage.conf HTPASSWD=users node examples/embedded.ts
import { createServer } from "node:http"
import { listener, runtime } from "./usage.ts"

const server = createServer((request, response) => {
  if (request.url!.startsWith("/usage/")) listener(request, response)
  else response.end("what was there before\n")
})
server.listen(Number(process.env["PORT"]), "127.0.0.1")
process.once("SIGTERM", () => server.close(() => runtime.dispose()))
