/** The links of HAL documents: where the API says that things are. */
export interface Link {
  readonly href: string
  readonly templated?: boolean
}

/** By relation. */
export type Links = Readonly<Partial<Record<string, Link>>>

/**
 * The address of a link, its template filled in (RFC 6570, simple expressions and `{?name}`): what is not given is left
 * out.
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

/** The address with these parameters added to its query. */
export const withQuery = (href: string, parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters).reduce(
    (href, [name, value]) => `${href}${href.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`,
    href
  )
