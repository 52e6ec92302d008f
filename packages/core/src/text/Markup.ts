/**
 * Text in HTML and XML.
 *
 * @since 0.1.0
 */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/**
 * The text, escaped for use as content or in a quoted attribute.
 *
 * @category encoding
 * @since 0.1.0
 */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!)
