/** `/docs`: the description of the API as one self-contained page. */
import { Effect } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiSwagger } from "effect/http-api"
import { hash } from "node:crypto"
import * as Api from "./Api.ts"
import { type Response, html } from "../wire/Message.ts"

/** The policy allows the scripts of the page by their hashes. */
const policyOf = (page: string): string => {
  const scripts = Array.from(page.matchAll(/<script>([\s\S]*?)<\/script>/g), ([, script]) =>
    hash("sha256", script!, "base64")
  )
  return [
    "default-src 'none'",
    `script-src ${scripts.map((hash) => `'sha256-${hash}'`).join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "font-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; ")
}

/** The page; the first request renders it. */
export const docs = (prefix: string): Effect.Effect<Effect.Effect<Response>> =>
  Effect.cached(
    Effect.gen(function* () {
      const { dispose, handler } = HttpRouter.toWebHandler(HttpApiSwagger.layer(Api.at(prefix), { path: "/docs" }), {
        disableLogger: true
      })
      const page = yield* Effect.promise(() => handler(new Request("http://localhost/docs"))).pipe(
        Effect.flatMap((response) => Effect.promise(() => response.text())),
        Effect.ensuring(Effect.promise(dispose))
      )
      return html(page, policyOf(page))
    })
  )
