/**
 * Content digests: the names under which a registry stores blobs and manifests.
 *
 * Source: OCI image specification, descriptor.md, "Digests".
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

const grammar =
  /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}|(?!sha256:|sha512:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]{1,512})$/

/**
 * A digest, `algorithm:encoded`. `sha256` and `sha512` must have exactly their number of lower-case hex digits, so
 * that a digest is safe to put into a path or a URL as it is.
 *
 * @category models
 * @since 0.1.0
 */
export const Digest = Schema.String.check(
  Schema.isPattern(grammar, { expected: "a digest such as sha256:<64 hex>" })
).pipe(Schema.brand("Digest"))
/**
 * @category models
 * @since 0.1.0
 */
export type Digest = typeof Digest.Type

/**
 * Whether the text is a well-formed digest.
 *
 * @category guards
 * @since 0.1.0
 */
export const isDigest = (text: string): text is Digest => grammar.test(text)

/**
 * The algorithm of a digest, for example `sha256`.
 *
 * @category getters
 * @since 0.1.0
 */
export const algorithm = (digest: Digest): string => digest.slice(0, digest.indexOf(":"))

/**
 * The encoded part of a digest: for `sha256` its 64 hex digits.
 *
 * @category getters
 * @since 0.1.0
 */
export const encoded = (digest: Digest): string => digest.slice(digest.indexOf(":") + 1)
