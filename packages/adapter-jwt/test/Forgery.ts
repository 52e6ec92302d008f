/** Makes tokens by hand, so that no library refuses to write what is not allowed. */
import { createHmac, type KeyObject, sign } from "node:crypto"

export const part = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

const joined = (header: unknown, claims: unknown) => `${part(header)}.${part(claims)}`

export const hmac = (header: unknown, claims: unknown, secret: string | Buffer, hash = "sha256"): string => {
  const signed = joined(header, claims)
  return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`
}

export const signature = (header: unknown, claims: unknown, key: KeyObject, hash: "sha256" | null): string => {
  const signed = joined(header, claims)
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString("base64url")}`
}

export const read = (token: string, index: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[index]!, "base64url").toString("utf8")) as Record<string, unknown>
