/** The links of HAL documents. */

export interface Link {
  readonly href: string
  readonly templated?: boolean
}

/** By relation. */
export type Links = Readonly<Partial<Record<string, Link>>>

/**
 * Returns the address of a link with its template expanded (RFC 6570: simple expressions and `{?name}`). Variables
 * without a value are left out.
 */
export const expand = ({ href, templated }: Link, variables: Readonly<Record<string, string>>): string =>
  templated !== true
    ? href
    : href.replace(/\{(\??)([\w,]+)\}/g, (_, form: string, names: string) => {
        const given = names.split(",").filter((name) => variables[name] !== undefined)
        const encoded = (name: string) => encodeURIComponent(variables[name]!)
        if (form === "") return given.map(encoded).join(",")
        return given.map((name, i) => `${i === 0 ? "?" : "&"}${name}=${encoded(name)}`).join("")
      })

/** Returns the address with these parameters added to its query. */
export const withQuery = (href: string, parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters).reduce(
    (href, [name, value]) => `${href}${href.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`,
    href
  )
