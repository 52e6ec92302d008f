/** Checks that a shared secret is strong enough to sign with. */
import { Redacted } from "effect"

/** An HS256 key shorter than the hash weakens it (RFC 7518, section 3.2). */
const minimumBytes = 32

/** Words of the samples in manuals, tutorials and templates, in lower case without punctuation. */
const sampleWords = [
  "changeme",
  "changethis",
  "replaceme",
  "replacethis",
  "example",
  "sample",
  "placeholder",
  "dummy",
  "default",
  "insecure",
  "password",
  "secretkey",
  "yoursecret",
  "mysecret",
  "supersecret",
  "verysecret",
  "topsecret",
  "jwtsecret",
  "sharedsecret",
  "thisisa",
  "256bit",
  "0123456789",
  "1234567890",
  "abcdefghij",
  "qwertyuiop",
  "correcthorsebattery"
]

const advice = "make one with `openssl rand -base64 48`"

/** Whether the whole text repeats one shorter text. */
const repeats = (text: string): boolean => (text + text).indexOf(text, 1) < text.length

/**
 * The problem of a shared secret and what to do, or `undefined` if it can be used. The message never contains part of
 * the secret.
 *
 * Refused are secrets of fewer than 32 bytes in UTF-8, of a repeated sequence, of fewer than eight different bytes, and
 * with a word of the usual samples.
 */
export const problem = (secret: Redacted.Redacted): string | undefined => {
  const text = Redacted.value(secret)
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === 0) return `the shared secret is empty: ${advice}`
  if (bytes.length < minimumBytes) {
    return `the shared secret has fewer than ${minimumBytes} bytes: ${advice}`
  }
  if (text.trim() !== text) return `the shared secret begins or ends with white space: remove it, or ${advice}`
  if (new Set(bytes).size < 8 || repeats(text)) {
    return `the shared secret repeats a few bytes and is easy to guess: ${advice}`
  }
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, "")
  if (sampleWords.some((word) => plain.includes(word))) {
    return `the shared secret is a sample and known to everybody: ${advice}`
  }
  return undefined
}
