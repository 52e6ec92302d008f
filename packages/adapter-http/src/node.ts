/**
 * What needs Node: the content codings, for clients that leave them alone, as undici does.
 *
 * @since 0.1.0
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib"
import type { Decode } from "./transport/ContentCoding.ts"

/** The window that a decoder of zstd must have and may not exceed, as a power of two (RFC 9659). */
const zstdWindow = { [constants.ZSTD_d_windowLogMax]: 23 }

type Callback = (error: NodeJS.ErrnoException | null, bytes: Uint8Array) => void
type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }, callback: Callback) => void

/** Deflate is meant to have zlib's header; some servers leave it out. */
const isZlib = ([first = 0]: Uint8Array): boolean => (first & 0x0f) === 8

const decompressions: Readonly<Record<string, Decompress>> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  deflate: (bytes, options, callback) => (isZlib(bytes) ? inflate : inflateRaw)(bytes, options, callback),
  br: brotliDecompress,
  zstd: (bytes, options, callback) => zstdDecompress(bytes, { ...options, params: zstdWindow }, callback)
}

/**
 * Undoes gzip, deflate, br and zstd, for the option `decode` of `RegistryHttp`. Not for fetch, which undoes them itself.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode: Decode = (coding, bytes, limit) => {
  const decompress = Object.hasOwn(decompressions, coding) ? decompressions[coding] : undefined
  if (decompress === undefined) return undefined
  return Effect.callback((resume) =>
    decompress(bytes, { maxOutputLength: limit }, (error, decompressed) => {
      if (error === null) return resume(Effect.succeed(decompressed))
      resume(
        Effect.fail(
          error.code === "ERR_BUFFER_TOO_LARGE"
            ? new Registry.TooLarge({ detail: `the decompressed answer is larger than the limit of ${limit} bytes` })
            : new Registry.Malformed({ detail: `the answer is not ${coding}, as it states (${error.code})` })
        )
      )
    })
  )
}
