import { assert, describe, it } from "vitest"
import { Expected } from "../../src/index.ts"
import * as ApiImages from "../../src/server/ApiImages.ts"

const images: ReadonlyArray<ApiImages.Image> = Object.entries(Expected.all.repositories).map(([name, sizes]) => ({
  name,
  size: sizes?.size ?? null,
  disk_size: sizes?.diskSize ?? null,
  unique_size: sizes?.uniqueSize ?? null
}))

describe("ApiImages.differences", () => {
  it("finds none where the API reports the expected sizes", () => {
    assert.deepStrictEqual(ApiImages.differences(images), [])
  })

  it("names the image and the total that differ", () => {
    const changed = images.map((image) => (image.name === "acme/shop/web" ? { ...image, size: 1 } : image))
    assert.deepStrictEqual(
      ApiImages.differences(changed).map((line) => line.split(":")[0]!.trim()),
      ["acme/shop/web", "total size"]
    )
  })

  it("finds an image that is missing", () => {
    assert.include(ApiImages.differences(images.slice(1)).join("\n"), `${images[0]!.name}: expected {"size":`)
  })
})
