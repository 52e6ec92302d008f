/** Who signs in and from where, in the one spelling under which it is counted. */

/** Characters that show nothing, and are mapped to nothing (RFC 4518, section 2.2): controls, joiners, soft hyphens. */
const invisible = /(?![\s\u0085])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/**
 * The name as a directory compares it: however it is spelt, it is one (RFC 4518, section 2: mapping, normalization, case
 * folding, insignificant spaces).
 *
 * @category getters
 * @since 0.1.0
 */
export const canonical = (username: string): string =>
  username
    .replace(invisible, "")
    .normalize("NFKC")
    // Of the two forms of ß only the small one has the capitals SS.
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[\s\u0085]+/gu, " ")
    .trim()

/** The eight groups of an IPv6 address, by the parser of URLs; undefined for any other text. */
const ipv6Groups = (address: string): ReadonlyArray<number> | undefined => {
  const url = `http://[${address.replace(/%.*$/s, "")}]`
  if (!address.includes(":") || !URL.canParse(url)) return undefined
  const [head = "", tail] = new URL(url).hostname.slice(1, -1).split("::")
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)))
  const [first, last] = [groups(head), groups(tail ?? "")]
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
}

/** Prefixes of IPv6 addresses whose last 32 bits are an IPv4 address: mapped, and translated (RFC 6052). */
const embedding: ReadonlySet<string> = new Set(["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"])

/**
 * The address that counts: of IPv6 the network /64, as each host has all of one; of an IPv4 address that is written as
 * IPv6, the IPv4 address. Any other text counts as it is.
 *
 * @category getters
 * @since 0.1.0
 */
export const source = (address: string): string => {
  const groups = ipv6Groups(address)
  if (groups === undefined) return address
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":")
  if (!embedding.has(text(0, 6))) return `${text(0, 4)}::/64`
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join(".")
}
