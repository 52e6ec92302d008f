/**
 * The section [jwt]: the tokens of those who signed in.
 *
 * @since 0.1.0
 */
import { conditional, optional, withDefault } from "./ConfigKey.ts"
import { duration, instant, path, paths, secret, text } from "./ConfigValue.ts"

/**
 * @category keys
 * @since 0.1.0
 */
export const jwtKeys = {
  auth_token_expires: withDefault(duration("1 second"), "2 weeks", "How long a token is accepted."),
  secret_key: conditional(
    { ...secret, accepts: "at least 32 bytes that nobody can guess, such as `openssl rand -base64 48` prints" },
    "00000000000000000000000000000000",
    "private_key_file is set",
    "The secret that tokens are signed with (HS256). All replicas share it; nobody else may know it."
  ),
  previous_secret_key: optional(
    secret,
    "no earlier secret",
    "The secret that was used before: its tokens are accepted until they expire. Remove it after auth_token_expires."
  ),
  private_key_file: optional(
    path,
    "tokens are signed with secret_key",
    "A private key to sign with instead of a secret, as PEM or JSON Web Key: Ed25519 (EdDSA) or RSA of at least 2048 bits (RS256). Others can then verify tokens with /.well-known/jwks.json."
  ),
  previous_public_key_files: optional(
    paths,
    "no earlier keys",
    "The public halves of private keys that were used before: their tokens are accepted until they expire."
  ),
  issuer: withDefault(
    text,
    "gitlab-registry-usage-rest",
    "Who issues the tokens (claim iss). Tokens of another issuer are refused."
  ),
  audience: optional(
    text,
    "registry_base_url",
    "For whom the tokens are (claim aud). Tokens for another audience are refused, also where both share a secret."
  ),
  not_before: optional(
    instant,
    "no token is refused for its age",
    "Tokens that were issued before this time are refused: signs everybody out."
  )
} as const
