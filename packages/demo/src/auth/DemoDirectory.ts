/**
 * The users of the demonstration.
 */
import type { Authentication } from "@gitlab-registry-usage/core"
import { DirectoryMemory } from "@gitlab-registry-usage/core/testing"
import type { Layer } from "effect"

/**
 * Two who may sign in, the first being the one that the demonstration names, and one who may not any more.
 */
export const users = [
  { username: "demo", password: "demo-password" },
  { username: "auditor", password: "auditor-password" },
  { username: "former", password: "former-password", maySignIn: false }
] as const

export const layer: Layer.Layer<Authentication.Directory> = DirectoryMemory.layer(users)
