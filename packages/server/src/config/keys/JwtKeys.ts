/** The section [jwt]: the tokens of signed-in users. */
import { conditional, optional, withDefault } from "./ConfigKey.ts"
import { duration, instant, path, paths, secret, secretWhere, text } from "./ConfigValue.ts"

export const jwtKeys = {
  auth_token_expires: withDefault(duration("1 second"), "2 weeks", "How long a token is valid."),
  secret_key: conditional(
    secretWhere("at least 32 bytes that nobody can guess, such as `openssl rand -base64 48` prints"),
    "00000000000000000000000000000000",
    "private_key_file is set",
    "The secret that signs tokens (HS256). All replicas share it; nobody else may know it."
  ),
  previous_secret_key: optional(
    secret,
    "no previous secret",
    "The previous secret_key. Its tokens are valid until they expire. Remove it after auth_token_expires."
  ),
  private_key_file: optional(
    path,
    "secret_key signs tokens",
    "A private key that signs tokens instead of a secret, as PEM or JSON Web Key: Ed25519 (EdDSA) or RSA of at least 2048 bits (RS256). Others can then verify tokens with /.well-known/jwks.json."
  ),
  previous_public_key_files: optional(
    paths,
    "no previous keys",
    "The public halves of previous private keys. Their tokens are valid until they expire."
  ),
  issuer: withDefault(
    text,
    "gitlab-registry-usage-rest",
    "The issuer of the tokens (claim iss). Tokens of another issuer are refused."
  ),
  audience: optional(
    text,
    "registry_base_url",
    "The audience of the tokens (claim aud). Tokens for another audience are refused, even if both servers share a secret."
  ),
  not_before: optional(
    instant,
    "tokens are not refused for their age",
    "Tokens that were issued before this time are refused. This signs out all users."
  )
} as const
