/** Finds the entry of a user who may sign in. */
import type { Authentication } from "@gitlab-registry-usage/core"
import { Duration, Effect } from "effect"
import { AndFilter, EqualityFilter, type Entry, type Filter, OrFilter, ResultCodeError } from "ldapts"
import type { Connection } from "./Connection.ts"
import { describe, invalidCredentials, unavailable } from "./Failure.ts"
import { type GroupRule, isDn, type Settings } from "./Options.ts"

/** The entry of a user. `username` is absent where the directory does not return it. */
export interface Found {
  readonly dn: string
  readonly username: string | undefined
}

// Filters are objects, so that no character of a value is syntax.
const equals = (attribute: string, value: string): Filter => new EqualityFilter({ attribute, value })
const oneOf = (filters: ReadonlyArray<Filter>): Filter => new OrFilter({ filters: [...filters] })
const allOf = (...filters: ReadonlyArray<Filter>): Filter => new AndFilter({ filters: [...filters] })
const hasGid = (attribute: string, gids: ReadonlyArray<number>): Filter =>
  oneOf(gids.map((gid) => equals(attribute, String(gid))))

const gidAttribute = (group: { readonly attribute?: string | undefined }): string => group.attribute ?? "gidNumber"

const userFilter = (settings: Settings, username: string): Filter => {
  const named = equals(settings.usernameAttribute, username)
  const { group } = settings
  switch (group._tag) {
    case "Anyone":
    case "PosixGroup":
      return named
    case "PrimaryGroup":
      return allOf(named, hasGid(gidAttribute(group), group.gids))
    case "MemberOf":
      return allOf(named, oneOf(group.groups.map((dn) => equals(group.attribute ?? "memberOf", dn))))
  }
}

/** The text values of an attribute. A directory may return its name in another case. */
const values = (entry: Entry, attribute: string): ReadonlyArray<string> =>
  Object.entries(entry)
    .filter(([name]) => name !== "dn" && name.toLowerCase() === attribute.toLowerCase())
    .flatMap(([, value]) => value)
    .filter((value) => typeof value === "string")

/** Approximates how a directory compares names (RFC 4518): without case, compatibility forms and extra spaces. */
const folded = (name: string): string => name.normalize("NFKC").toLowerCase().trim().replaceAll(/\s+/g, " ")

/**
 * The directory's spelling of the typed name. If the entry has several names, the typed one is returned; the search has
 * found no other user with it.
 */
const ownSpelling = (names: ReadonlyArray<string>, typed: string): string | undefined =>
  names.length <= 1 ? names[0] : names.find((name) => folded(name) === folded(typed))

/** What the operator can do about a search that the directory refused. */
const searchHint = ({ baseDn, service }: Settings, cause: unknown): string => {
  if (!(cause instanceof ResultCodeError)) return ""
  if (cause.code === 32)
    return `; ${baseDn} (baseDn, in the server's configuration base_dn) does not exist or is hidden`
  if (![1, 8, 50].includes(cause.code)) return ""
  return service === undefined
    ? "; the directory may not permit the anonymous search: set service (in the server's configuration bind_dn)"
    : `; ${service.dn} (service.dn, in the server's configuration bind_dn) may not be permitted to search`
}

const search = Effect.fnUntraced(function* (
  { request }: Connection,
  settings: Settings,
  what: string,
  baseDn: string,
  filter: Filter,
  attributes: ReadonlyArray<string>
) {
  // References to other directories are ignored.
  const { searchEntries } = yield* request((client) =>
    client.search(baseDn, {
      scope: "sub",
      derefAliases: "never",
      filter,
      attributes: [...attributes],
      sizeLimit: 2,
      timeLimit: Math.ceil(Duration.toSeconds(settings.deadline))
    })
  ).pipe(
    Effect.mapError((cause) => unavailable(`search for the ${what}: ${describe(cause)}${searchHint(settings, cause)}`))
  )
  return searchEntries
})

const inPosixGroup = Effect.fnUntraced(function* (
  connection: Connection,
  settings: Settings,
  group: Extract<GroupRule, { readonly _tag: "PosixGroup" }>,
  entry: Entry,
  username: string | undefined
) {
  const gids = values(entry, gidAttribute(group))
  if (group.gids.some((gid) => gids.includes(String(gid)))) return true
  if (username === undefined) return false
  const filter = allOf(
    equals("objectClass", "posixGroup"),
    hasGid(gidAttribute(group), group.gids),
    equals(group.memberAttribute ?? "memberUid", username)
  )
  const groups = yield* search(connection, settings, "group", group.baseDn ?? settings.baseDn, filter, ["1.1"])
  return groups.length > 0
})

/**
 * The entry of the user with this name, if the group rule admits it. Fails with `InvalidCredentials` if there is no such
 * entry or more than one; several entries are also logged.
 */
export const find = Effect.fnUntraced(function* (
  connection: Connection,
  settings: Settings,
  typed: string
): Effect.fn.Return<Found, Authentication.DirectoryError> {
  const { baseDn, group, usernameAttribute } = settings
  const attributes = [usernameAttribute, ...(group._tag === "PosixGroup" ? [gidAttribute(group)] : [])]
  const entries = yield* search(connection, settings, "user", baseDn, userFilter(settings, typed), attributes)
  const entry = entries[0]
  // A directory may permit fewer entries than the request: then others that match exist, but are not returned.
  const isAmbiguous = entries.length > 1 || connection.sizeLimitExceeded()
  if (entry === undefined && !isAmbiguous) return yield* invalidCredentials()
  if (entry === undefined || isAmbiguous) {
    yield* Effect.logWarning(
      "several entries of the directory have the same user name; nobody can sign in with it"
    ).pipe(Effect.annotateLogs({ username: typed, entries: entries.slice(0, 2).map((found) => found.dn) }))
    return yield* invalidCredentials()
  }
  // A bind without a name would be anonymous and succeed, and ldapts takes some words for a SASL mechanism.
  if (!isDn(entry.dn)) return yield* unavailable("the directory answered with an entry without a distinguished name")
  const username = ownSpelling(values(entry, usernameAttribute), typed)
  if (group._tag === "PosixGroup" && !(yield* inPosixGroup(connection, settings, group, entry, username))) {
    return yield* invalidCredentials()
  }
  return { dn: entry.dn, username }
})
