/**
 * The capabilities of the terminal: width, colour, and how progress is shown.
 */
import { Context, Effect, Layer, Stdio, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"

/**
 * `width` is in columns, undefined without a limit. `progress` is `live` for one line that changes, `lines` for a new line
 * from time to time.
 */
export class Screen extends Context.Service<
  Screen,
  {
    readonly width: number | undefined
    readonly color: boolean
    /** Whether the terminal shows Unicode. */
    readonly unicode: boolean
    readonly canPrompt: boolean
    readonly progress: "live" | "lines" | "none"
  }
>()("@gitlab-registry-usage/cli/Screen") {}

interface Options {
  /** Whether progress is hidden. */
  readonly quiet: boolean
  /** The variable `CI`. */
  readonly ci: string | undefined
  /** The variables `LC_ALL`, `LC_CTYPE` and `LANG`; the first that is set counts (POSIX). */
  readonly everyLocale: string | undefined
  readonly characterLocale: string | undefined
  readonly locale: string | undefined
}

/** The screen of this process. */
export const layer = ({ characterLocale, ci, everyLocale, locale, quiet }: Options) =>
  Layer.effect(
    Screen,
    Effect.gen(function* () {
      const stdio = yield* Stdio.Stdio
      const terminal = yield* Terminal.Terminal
      const { canAnimate, canColor, canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
      const encoding = everyLocale ?? characterLocale ?? locale
      const isTerminal = yield* stdio.stdoutIsTerminal
      const isStderrTerminal = yield* stdio.stderrIsTerminal
      const isLive = isStderrTerminal && ci === undefined && (canAnimate || !isTerminal)
      return {
        // A terminal that does not know its width has 0 columns.
        width: (isTerminal ? yield* terminal.columns : 0) || undefined,
        color: canColor,
        // Pipes and jobs rarely set a locale, and pass on every byte.
        unicode: !isTerminal || encoding === undefined || /utf-?8/i.test(encoding),
        canPrompt,
        progress: quiet ? "none" : isLive ? "live" : "lines"
      }
    })
  ).pipe(Layer.provide(TerminalCapabilities.layer))

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39], cyan: [36, 39] } as const

export type Style = keyof typeof codes

/** The text with escape sequences for its style, where `color` is set. */
export const paint = (color: boolean, style: Style | undefined, text: string): string =>
  color && style !== undefined && text !== "" ? `\u001B[${codes[style][0]}m${text}\u001B[${codes[style][1]}m` : text
