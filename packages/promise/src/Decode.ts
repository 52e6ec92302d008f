/**
 * Reading a scan.
 */
import { Snapshot } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { RegistryUsageError } from "./RegistryUsageError.ts"

const unreadable = (message: string) => new RegistryUsageError("ERR_SCAN_UNREADABLE", message)

export const decode = (scan: unknown, options: { readonly accounting?: "all" | "layers" | undefined } = {}) =>
  scan instanceof Uint8Array
    ? Effect.mapError(Snapshot.decode(scan, options), ({ message }) => unreadable(message))
    : Effect.fail(unreadable("not the bytes of a scan (Uint8Array)"))
