import { describe, expect, it } from "@effect/vitest"
import { Loopback } from "@gitlab-registry-usage/core"

describe("Loopback", () => {
  it.each(["http://localhost", "http://127.0.0.1:5000", "https://[::1]:636/", "http://127.255.0.9", "http://127.1"])(
    "%s is this machine",
    (url) => expect(Loopback.isLoopback(new URL(url))).toBe(true)
  )

  it.each([
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://128.0.0.1",
    "http://10.0.0.1",
    "http://[::2]",
    "postgres://127.0.0.300/usage"
  ])("%s is another machine", (url) => expect(Loopback.isLoopback(new URL(url))).toBe(false))
})
