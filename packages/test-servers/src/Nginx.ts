/**
 * Debian's nginx as a reverse proxy.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Effect, type Scope } from "effect"
import { serve } from "./Program.ts"
import { freePort, type ServerError, temporaryDirectory } from "./Servers.ts"

/**
 * Starts nginx with these directives inside of `server { … }`, and those of `http` before it. Returns the port that it
 * listens on. It writes into a directory of its own and stops when the scope closes.
 */
export const start = Effect.fnUntraced(function* (
  directives: string,
  { http = "" }: { readonly http?: string } = {}
): Effect.fn.Return<number, ServerError, Scope.Scope> {
  const directory = yield* temporaryDirectory
  const port = yield* freePort
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
  const configuration = `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join("\n  ")}
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${directives}
  }
}
`
  const path = Path.join(directory, "nginx.conf")
  yield* Effect.promise(() => Fs.writeFile(path, configuration))
  yield* serve("/usr/sbin/nginx", ["-p", directory, "-c", path, "-e", "stderr"], port)
  return port
})
