/**
 * What the output may look like: how wide, in colour, and how progress is shown.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Stdio, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { environment } from "../connection/Environment.ts"

/**
 * `width` is in columns, undefined where nothing limits it. `progress` is a line that changes, lines now and then, or
 * none.
 *
 * @category services
 * @since 0.1.0
 */
export class Screen extends Context.Service<
  Screen,
  {
    readonly width: number | undefined
    readonly color: boolean
    /** Whether it shows more than ASCII. */
    readonly unicode: boolean
    readonly canPrompt: boolean
    readonly progress: "live" | "lines" | "none"
  }
>()("@gitlab-registry-usage/cli/Screen") {}

/**
 * The screen of this process. `quiet` shows no progress.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: { readonly quiet: boolean }) =>
  Layer.effect(
    Screen,
    Effect.gen(function* () {
      const stdio = yield* Stdio.Stdio
      const terminal = yield* Terminal.Terminal
      const { canAnimate, canColor, canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
      const { characterLocale, ci, everyLocale, locale } = yield* environment
      const encoding = everyLocale ?? characterLocale ?? locale
      const isTerminal = yield* stdio.stdoutIsTerminal
      const isStderrTerminal = yield* stdio.stderrIsTerminal
      const isLive = isStderrTerminal && ci === undefined && (canAnimate || !isTerminal)
      return {
        width: isTerminal ? yield* terminal.columns : undefined,
        color: canColor,
        // What is not told is not held against it: pipes and jobs rarely have a locale, and pass on what they get.
        unicode: !isTerminal || encoding === undefined || /utf-?8/i.test(encoding),
        canPrompt,
        progress: options.quiet ? "none" : isLive ? "live" : "lines"
      }
    })
  ).pipe(Layer.provide(TerminalCapabilities.layer))

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39], cyan: [36, 39] } as const

/** @category models @since 0.1.0 */
export type Style = keyof typeof codes

/**
 * Text in a colour or weight where the screen has them.
 *
 * @category formatting
 * @since 0.1.0
 */
export const paint = (color: boolean, style: Style | undefined, text: string): string =>
  color && style !== undefined && text !== "" ? `\u001B[${codes[style][0]}m${text}\u001B[${codes[style][1]}m` : text
