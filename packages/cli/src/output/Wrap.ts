/**
 * Text in lines of a width, which end between words. A terminal would break them within words.
 */
import { Console, Effect, Layer } from "effect"

/** Styles have no width. */
// oxlint-disable-next-line no-control-regex
const widthOf = (text: string): number => [...text.replace(/\u001B\[[\d;]*m/g, "")].length

/** The parts of a word that is longer than a line, such as an address: each ends with its punctuation. */
const partsOf = (word: string): ReadonlyArray<string> => word.match(/[^/@,?&=]*[/@,?&=]+|[^/@,?&=]+/g) ?? [word]

/** The lines of a paragraph, each at most `width` columns, unless one part of a word is longer. */
export const paragraph = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  const put = (piece: string, separator: string) => {
    const joined = line === "" ? piece : line + separator + piece
    if (line !== "" && widthOf(joined) > width) {
      lines.push(line)
      line = piece
    } else {
      line = joined
    }
  }
  for (const word of text.split(" ")) {
    const [first = "", ...others] = widthOf(word) <= width ? [word] : partsOf(word)
    put(first, " ")
    for (const part of others) put(part, "")
  }
  return [...lines, line]
}

/** A line of two columns, as help has them: an indent, a name, at least two spaces, and a text. */
const columns = /^( *)(\S.*?)( {2,})(\S.*)$/

const indented = (lines: ReadonlyArray<string>, indent: number) => lines.map((line) => " ".repeat(indent) + line)

const lineOf = (line: string, width: number): ReadonlyArray<string> => {
  if (widthOf(line) <= width) return [line]
  const [, indent = "", name = "", space = "", text = ""] = columns.exec(line) ?? []
  const start = widthOf(indent + name + space)
  if (text !== "" && start <= width / 2) {
    const [first = "", ...others] = paragraph(text, width - start)
    return [indent + name + space + first, ...indented(others, start)]
  }
  const lead = line.length - line.trimStart().length
  const hanging = lead + 2
  const [first = "", ...others] = paragraph(text === "" ? line.trimStart() : name, width - hanging)
  return [
    ...indented([first], lead),
    ...indented(others, hanging),
    ...(text === "" ? [] : indented(paragraph(text, width - hanging - 2), hanging + 2))
  ]
}

/** The text with each of its lines in lines of at most `width` columns; without a width it stays as it is. */
export const lines = (text: string, width: number | undefined): string =>
  width === undefined || width === 0
    ? text
    : text
        .split("\n")
        .flatMap((line) => lineOf(line, width))
        .join("\n")

/** A console for messages and help; each stream has the width of its own terminal, if it is one. */
export const layer: Layer.Layer<never> = Layer.effect(
  Console.Console,
  Effect.map(Console.Console, (console) => {
    const wrapped = (text: unknown, { columns }: NodeJS.WriteStream) =>
      typeof text === "string" ? lines(text, columns) : text
    return Object.assign(Object.create(console), {
      log: (text: unknown, ...others: ReadonlyArray<unknown>) => console.log(wrapped(text, process.stdout), ...others),
      error: (text: unknown, ...others: ReadonlyArray<unknown>) =>
        console.error(wrapped(text, process.stderr), ...others)
    })
  })
)
