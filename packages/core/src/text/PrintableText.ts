/**
 * Text of others, such as a registry, a file or a server, as people may see it.
 *
 * @since 0.1.0
 */

/**
 * What a terminal obeys or does not show: control characters, signs that change the direction of text, signs without a
 * width, separators of lines, and halves of characters.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu

/**
 * The text on one line, of characters that a terminal shows. Each run of spaces and line breaks becomes a space, each
 * other character that is not shown its code as in `\\u{1b}`. Of a text longer than `maximum` characters the rest is `…`.
 *
 * @category encoding
 * @since 0.1.0
 */
export const printable = (text: string, maximum: number = Number.POSITIVE_INFINITY): string => {
  const isLong = text.length > maximum
  const line = (isLong ? text.slice(0, maximum) : text)
    .replace(/\s+/g, " ")
    .replace(unsafe, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
  return isLong ? `${line}…` : line
}

/**
 * The JSON text with the characters that a terminal does not show escaped, as in `\\u009b`. It has the same meaning.
 *
 * @category encoding
 * @since 0.1.0
 */
export const escapeJson = (json: string): string =>
  json.replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`
    ).join("")
  )
