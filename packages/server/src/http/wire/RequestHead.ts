/** What Node's parser lets through, although RFC 9112 has a server refuse it. */
import type { IncomingMessage } from "node:http"
import { badRequest, Problem } from "./Problem.ts"

/** `uri-host [":" port]` (RFC 9110, section 7.2). */
const hostGrammar = /^(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+;=-]*)(?::\d*)?$/i

const hostCount = (rawHeaders: ReadonlyArray<string>): number => {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.length === 4 && rawHeaders[at]!.toLowerCase() === "host") count++
  }
  return count
}

/** The error of a request whose version is not HTTP/1, or that has not one valid `Host` (RFC 9112, section 3.2). */
export const problemOf = ({ headers, httpVersion, rawHeaders }: IncomingMessage): Problem | undefined => {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") {
    return httpVersion === "0.9"
      ? badRequest("send the version of HTTP in the request line, such as GET / HTTP/1.1")
      : new Problem({ status: 505, title: "HTTP Version Not Supported", detail: "this server speaks HTTP/1.1" })
  }
  if (hostCount(rawHeaders) > 1) return badRequest("send one Host header, not several")
  return hostGrammar.test(headers.host ?? "") ? undefined : badRequest("the Host header names no host")
}
