/**
 * Tokens of signed-in users as JSON Web Tokens.
 *
 * @since 0.1.0
 */
export * as JwtTokens from "./JwtTokens.ts"
export * as KeySet from "./KeySet.ts"
