/**
 * Shares in percent as people write them: `5%`, `12.5 %`.
 */
import { ParsedText } from "@gitlab-registry-usage/core"

/** The share as a part of 1, undefined where the text is no percentage. */
export const parse = (text: string): number | undefined => {
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)?.[1]
  return percent === undefined ? undefined : Number(percent) / 100
}

export const format = (share: number): string => `${share * 100}%`

export const PercentText = ParsedText.make("a share such as 5%", parse, format)
