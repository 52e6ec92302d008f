/**
 * What every adapter of the `Tokens` port does.
 *
 * @since 0.1.0
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { DateTime, Duration, Effect, type Layer, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Tokens } from "../auth/Authentication.ts"

const issue = (username: string) => Effect.flatMap(Tokens, (tokens) => tokens.issue({ username }))
const verify = (token: Redacted.Redacted) => Effect.flatMap(Tokens, (tokens) => tokens.verify(token))

const refusal = (token: string) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(verify(Redacted.make(token)))
    assert.strictEqual(error.reason._tag, "TokenInvalid", token)
    if (token.length > 8) assert.notInclude(`${error.message} ${JSON.stringify(error)}`, token)
  })

/**
 * Declares the tests of an adapter. They run with the test clock, so the adapter must ask Effect's `Clock`.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<Tokens, E>): void => {
  withLayer(layer)(`Tokens: ${name}`, (it) => {
    const check = (title: string, test: () => Effect.fn.Return<void, unknown, Tokens>) =>
      it.effect(title, Effect.fnUntraced(test))

    check("verifies what it issued to the same principal", function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      for (const username of ["alice", "paren(s)", "zoë", "a b", "ü".repeat(128), "\u{1f511}"]) {
        const issued = yield* issue(username)
        const verified = yield* verify(issued.token)
        assert.deepStrictEqual(verified.principal, { username })
        assert.strictEqual(DateTime.toEpochMillis(verified.expiresAt), DateTime.toEpochMillis(issued.expiresAt))
        assert.strictEqual(DateTime.toEpochMillis(verified.issuedAt), 1_800_000_000_000)
      }
    })

    check("gives each token its own id, which stays the same", function* () {
      const tokens = yield* Effect.replicateEffect(issue("alice"), 20)
      const verified = yield* Effect.forEach(tokens, ({ token }) => verify(token))
      assert.lengthOf(new Set(verified.map((token) => token.id)), 20)
      assert.lengthOf(new Set(tokens.map(({ token }) => Redacted.value(token))), 20)
      assert.strictEqual((yield* verify(tokens[0]!.token)).id, verified[0]!.id)
    })

    check("accepts a token to the last millisecond of its life and not at its end", function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const { token, expiresAt } = yield* issue("alice")
      const end = DateTime.toEpochMillis(expiresAt)
      assert.isAbove(end, 1_800_000_000_000)
      yield* TestClock.setTime(end - 1)
      assert.deepStrictEqual((yield* verify(token)).principal, { username: "alice" })
      yield* TestClock.setTime(end)
      assert.strictEqual((yield* Effect.flip(verify(token))).reason._tag, "TokenExpired")
      yield* TestClock.adjust(Duration.days(3650))
      assert.strictEqual((yield* Effect.flip(verify(token))).reason._tag, "TokenExpired")
    })

    check("refuses what it did not issue", function* () {
      const token = Redacted.value((yield* issue("alice")).token)
      for (const forged of [
        "",
        " ",
        ".",
        "..",
        "null",
        "a".repeat(1_048_576),
        token.slice(0, -1),
        token.slice(1),
        token.toUpperCase(),
        `${token}${token}`,
        [...token].toReversed().join("")
      ]) {
        yield* refusal(forged)
      }
    })

    it.effect.prop("refuses any text", [Schema.String], ([text]) => refusal(text))

    check("issues tokens that fit into a header and a cookie", function* () {
      const { token } = yield* issue("ü".repeat(128))
      assert.match(Redacted.value(token), /^[A-Za-z0-9._~+/-]+=*$/)
      assert.isAtMost(Redacted.value(token).length, 4096)
    })
  })
}
