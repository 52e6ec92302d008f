/**
 * What makes a shared secret too weak to sign with.
 *
 * @since 0.1.0
 */
import { Redacted } from "effect"

/** An HS256 key shorter than the hash weakens it (RFC 7518, section 3.2). */
const minimumBytes = 32

/** Words of the samples that manuals, tutorials and templates carry, in lower case without punctuation. */
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

/** Whether the whole text is one shorter text over and over. */
const repeats = (text: string): boolean => (text + text).indexOf(text, 1) < text.length

/**
 * What is wrong with a shared secret and what to do about it, or `undefined` where it may be used. The text never holds
 * any of the secret.
 *
 * Its bytes are those of the text in UTF-8. Refused are secrets under 32 bytes, of one byte or one sequence repeated, of
 * fewer than eight different bytes, and those that hold a word of the usual samples.
 *
 * @category validation
 * @since 0.1.0
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
