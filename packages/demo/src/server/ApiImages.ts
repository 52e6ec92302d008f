/** The sizes of all images that the API reports, compared with the expected ones. */
import { Bytes } from "@gitlab-registry-usage/core"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import type { DirectoryMemory } from "@gitlab-registry-usage/core/testing"
import * as Expected from "../data/Expected.ts"

const Size = Schema.NullOr(Schema.Int)
const Token = Schema.Struct({ auth_token: Schema.String })
const Image = Schema.Struct({ name: Schema.String, size: Size, disk_size: Size, unique_size: Size })
const Images = Schema.Struct({ _embedded: Schema.Struct({ items: Schema.Array(Image) }) })

/** An image of the API's list. Sizes are in bytes, `null` where the repository could not be read. */
export type Image = typeof Image.Type

/** Signs in as a user and reads the list of all images over the API. */
export const read = Effect.fnUntraced(function* (url: string, user: DirectoryMemory.User) {
  const client = yield* HttpClient.HttpClient
  const login = HttpClientRequest.get(`${url}/auth_token`).pipe(
    HttpClientRequest.basicAuth(user.username, user.password)
  )
  const { auth_token: token } = yield* Effect.flatMap(client.execute(login), HttpClientResponse.schemaBodyJson(Token))
  const list = HttpClientRequest.get(`${url}/images?embed=1`).pipe(HttpClientRequest.bearerToken(token))
  const document = yield* Effect.flatMap(client.execute(list), HttpClientResponse.schemaBodyJson(Images))
  return document._embedded.items
})

const sum = (images: ReadonlyArray<Image>, key: "size" | "disk_size") =>
  images.reduce((total, image) => total + (image[key] ?? 0), 0)

/** A line for each size that differs from the expected one. */
export const differences = (images: ReadonlyArray<Image>): ReadonlyArray<string> => {
  const { repositories, total } = Expected.all
  const actual = new Map<string, unknown>(images.map(({ name, ...sizes }) => [name, sizes]))
  const pairs: ReadonlyArray<readonly [string, unknown, unknown]> = [
    ...Object.entries(repositories).map(
      ([name, sizes]) =>
        [
          name,
          { size: sizes?.size ?? null, disk_size: sizes?.diskSize ?? null, unique_size: sizes?.uniqueSize ?? null },
          actual.get(name)
        ] as const
    ),
    ["number of images", Object.keys(repositories).length, images.length],
    ["total size", total.size, sum(images, "size")],
    ["total disk_size", total.diskSize, sum(images, "disk_size")]
  ]
  return pairs.flatMap(([name, expected, actual]) => {
    const [a, b] = [JSON.stringify(expected), JSON.stringify(actual)]
    return a === b ? [] : [`  ${name}: expected ${a}, received ${b}`]
  })
}

const format = (size: number | null) => (size === null ? "unknown" : Bytes.format(Bytes.make(size)))

/** The images as a table, the largest on disk first, with the totals as the last row. */
export const table = (images: ReadonlyArray<Image>): string => {
  const bySize = images.toSorted((a, b) => (b.disk_size ?? -1) - (a.disk_size ?? -1))
  const [size, diskSize] = [sum(images, "size"), sum(images, "disk_size")]
  const rows = [
    ["IMAGE", "SIZE", "ON DISK", "UNIQUE"],
    ...[...bySize, { name: "all", size, disk_size: diskSize, unique_size: diskSize }].map((image) => [
      image.name,
      ...[image.size, image.disk_size, image.unique_size].map(format)
    ])
  ]
  const width = Math.max(...rows.map(([name]) => name!.length))
  return rows
    .map(([name, ...sizes]) => `  ${name!.padEnd(width)}${sizes.map((size) => size.padStart(11)).join("")}`)
    .join("\n")
}
