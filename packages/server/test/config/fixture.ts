/** A configuration that is right, and ways to change it and to load it. */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem } from "effect"
import * as ServerConfig from "../../src/config/options/ServerConfig.ts"

/** Long and random enough, with the characters that other INI readers cut a value at. */
export const secret = "canary-zMkR#;q7dWw2p0LxT9vB4nYc8uHs6jEa"

export const good = {
  ldap: { host: "ldap.site.test", base_dn: "ou=people,dc=site,dc=test", valid_gid: "500" },
  jwt: { secret_key: secret },
  registry: {
    gitlab_base_url: "https://gitlab.site.test/",
    registry_base_url: "https://registry.site.test/",
    access_token: "canary-token"
  }
}

type Values = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>

/** The good configuration as a file, with these values instead; `undefined` removes a key. */
export const ini = (changes: Values = {}): string =>
  [...new Set([...Object.keys(good), ...Object.keys(changes)])]
    .map((section) => {
      const values = { ...(good as Values)[section], ...changes[section] }
      const lines = Object.entries(values).filter(([, value]) => value !== undefined)
      return [`[${section}]`, ...lines.map(([key, value]) => `${key} = ${value}`)].join("\n")
    })
    .join("\n")

/** A file with this content in a folder that is removed at the end of the scope. */
export const written = Effect.fnUntraced(function* (content: string | Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  const path = `${yield* fs.makeTempDirectoryScoped()}/file`
  yield* fs.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content)
  return path
})

/** The configuration that the text of a file and the variables make. */
export const load = (text: string, environment: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(written(text), (path) => ServerConfig.load({ file: { path, required: true }, environment })).pipe(
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

/** The message of a configuration that cannot be used, without the folder of its file. */
export const refusal = (text: string, environment?: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(load(text, environment)), ({ message }) => message.replaceAll(/\/\S*\/file/g, "FILE"))
