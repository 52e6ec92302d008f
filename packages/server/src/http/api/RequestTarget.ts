/** The target of a request: the path as segments, the query as parameters. */
import { Result } from "effect"
import { badRequest, notFound, type Problem, quoted } from "../wire/Problem.ts"

/**
 * A segment of a path, decoded once. `encodedSlash` says whether it contained `%2F`, so that the slash is certainly
 * part of a name.
 */
export interface Segment {
  readonly text: string
  readonly encodedSlash: boolean
}

export interface Target {
  readonly segments: ReadonlyArray<Segment>
  readonly query: URLSearchParams
}

// oxlint-disable-next-line no-control-regex -- these are what is refused
const control = /[\u0000-\u001f\u007f]/

const segmentOf = (raw: string): Result.Result<Segment, Problem> =>
  Result.flatMap(
    Result.try({
      try: () => decodeURIComponent(raw),
      catch: () => badRequest("the path has a percent-encoding that is not valid UTF-8 (RFC 3986, section 2.1)")
    }),
    (text) =>
      control.test(text)
        ? Result.fail(badRequest("the path has a control character"))
        : Result.succeed({ text, encodedSlash: text.includes("/") })
  )

/**
 * Parses the target of a request line. Each segment is decoded once. An empty segment (`//`, a slash at the end) fails
 * with 404. A `prefix` such as `/registry` may be missing, because a reverse proxy may have removed it.
 */
export const parse = (url: string, prefix = ""): Result.Result<Target, Problem> => {
  const questionMark = url.indexOf("?")
  const path = questionMark < 0 ? url : url.slice(0, questionMark)
  const query = new URLSearchParams(questionMark < 0 ? "" : url.slice(questionMark + 1))
  const rest = prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`)) ? path.slice(prefix.length) : path
  if (rest === "/" || rest === "") return Result.succeed({ segments: [], query })
  if (!rest.startsWith("/")) return Result.fail(badRequest("the request target is not a path"))
  return Result.flatMap(Result.all(rest.slice(1).split("/").map(segmentOf)), (segments) =>
    segments.some(({ text }) => text === "")
      ? Result.fail(
          notFound(
            `there is no resource at ${quoted(path)}, which has an empty segment; did you mean ${quoted(path.replaceAll(/\/+(?=\/|$)/g, "") || "/")}?`
          )
        )
      : Result.succeed({ segments, query })
  )
}
