/**
 * The users of the demonstration.
 *
 * @since 0.1.0
 */
import type { Authentication } from "@gitlab-registry-usage/core"
import { DirectoryMemory } from "@gitlab-registry-usage/core/testing"
import type { Layer } from "effect"

/**
 * Who may sign in. The first is the one that the demonstration names.
 *
 * @category constants
 * @since 0.1.0
 */
export const users = [
  { username: "demo", password: "demo-password" },
  { username: "auditor", password: "auditor-password" }
] as const

/**
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Authentication.Directory> = DirectoryMemory.layer(users)
