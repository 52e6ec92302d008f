import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { MessageParser } from "ldapts"
import * as Reply from "../src/Reply.ts"
import { bindResult, entry, extendedResult, searchDone } from "./FakeDirectory.ts"

const messages = [
  bindResult(1, 0),
  bindResult(2, 49, "wrong"),
  entry(3, "uid=alice,dc=example,dc=test", "alice"),
  entry(3, "", ""),
  searchDone(3, 4),
  extendedResult(4, 0),
  // A result with a referral, and one with a control.
  Buffer.from("3013020105650e0a010a04000400a3050403616263", "hex"),
  Buffer.from("301702010661070a010004000400a00930070405312e322e33", "hex")
]

const hex = (split: ReturnType<typeof Reply.split>) => split?.messages.map((message) => message.toString("hex"))

describe("Reply", () => {
  it("splits a stream into messages, wherever the chunks end", () => {
    const stream = Buffer.concat(messages)
    for (let at = 0; at <= stream.length; at++) {
      const first = Reply.split(stream.subarray(0, at))
      const second = Reply.split(Buffer.concat([first!.rest, stream.subarray(at)]))
      assert.deepStrictEqual(
        [...hex(first)!, ...hex(second)!],
        messages.map((message) => message.toString("hex"))
      )
      assert.lengthOf(second!.rest, 0)
    }
  })

  it("accepts messages longer than 64 KiB", () => {
    const long = entry(70_000, "x".repeat(300), "y".repeat(70_000))
    assert.deepStrictEqual(hex(Reply.split(long)), [long.toString("hex")])
  })

  it.each([
    ["no sequence", "00"],
    ["TLS", "16030100"],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").toString("hex")],
    ["an indefinite length", "3080"],
    ["a length of five bytes", "30850100000000"],
    ["nothing in the message", "3000"],
    ["no operation", "3003020101"],
    ["a bind without a result", "30050201016100"],
    ["a result that is no enumeration", "300c020101610704010004000400"],
    ["an operation longer than its message", "300c02010161080a010004000400"],
    ["an operation shorter than its message", "300c02010161060a010004000400"],
    ["attributes longer than their entry", "300b0201016406040030050201"],
    ["a reference longer than its message", "3009020101730404100000"],
    ["a text for an id", "300c04010161070a010004000400"],
    ["a request", "300c02010160070a010004000400"],
    ["an empty message behind a good one", "300c02010161070a0100040004003000"]
  ])("F43 refuses %s", (_, text) => {
    assert.isUndefined(Reply.split(Buffer.from(text, "hex")))
  })

  it("F43 ldapts can process every altered reply that passes the check", () => {
    let passed = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...messages),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (message, changes) => {
          const bytes = Buffer.from(message)
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          for (const found of Reply.split(bytes)?.messages ?? []) {
            passed += 1
            new MessageParser().on("error", () => {}).read(found, new Map())
          }
        }
      ),
      { numRuns: 5000 }
    )
    assert.isAbove(passed, 500)
  })
})
