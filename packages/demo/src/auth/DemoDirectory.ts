/** The users of the demo. */
import type { Authentication } from "@gitlab-registry-usage/core"
import { DirectoryMemory } from "@gitlab-registry-usage/core/testing"
import type { Layer } from "effect"

/** Two users who may sign in, and one who may not any more. The demo prints the credentials of the first. */
export const users = [
  { username: "demo", password: "demo-password" },
  { username: "auditor", password: "auditor-password" },
  { username: "former", password: "former-password", maySignIn: false }
] as const

export const layer: Layer.Layer<Authentication.Directory> = DirectoryMemory.layer(users)
