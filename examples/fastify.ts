// The API in a Fastify app. PORT=8080 USAGE_CONF=usage.conf HTPASSWD=users node examples/fastify.ts
import Fastify from "fastify"
import { listener, runtime } from "./usage.ts"

const app = Fastify()
app.get("/", () => "what was there before\n")
// Notifications of the registry have a media type of their own, which Fastify would refuse.
app.addContentTypeParser("*", { parseAs: "string" }, (_, body, done) => done(null, body))
app.all("/usage/*", (request, reply) => {
  reply.hijack()
  // Fastify has read the body, and keeps it at its own request.
  listener(Object.assign(request.raw, { body: request.body }), reply.raw)
})
app.addHook("onClose", () => runtime.dispose())

process.once("SIGTERM", () => app.close())
await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" })
