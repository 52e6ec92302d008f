// The API in an Express app, behind its body parser. PORT=8080 USAGE_CONF=usage.conf HTPASSWD=users node examples/express.ts
import express from "express"
import { listener, runtime } from "./usage.ts"

const app = express()
app.use(express.json())
app.use("/usage", listener)
app.get("/", (_, response) => response.send("what was there before\n"))

const server = app.listen(Number(process.env["PORT"]), "127.0.0.1")
process.once("SIGTERM", () => server.close(() => runtime.dispose()))
