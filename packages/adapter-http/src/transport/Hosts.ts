/** The queue of each host: how many requests run at once, when it pauses, and when it fails at once. */
import { Registry } from "@gitlab-registry-usage/core"
import { type Clock, Effect, Exit, Semaphore } from "effect"
import * as Circuit from "./Circuit.ts"
import * as Concurrency from "./Concurrency.ts"
import * as RateLimit from "./RateLimit.ts"
import type { HttpResponse } from "./HttpResponse.ts"

/** Why there is no answer. */
export type Failure =
  | Registry.Unreachable
  | Registry.ServerError
  | Registry.RateLimited
  | Registry.Malformed
  | Registry.TooLarge
  | Registry.Unsafe

/**
 * An attempt without an answer. `final` where no other should follow; `overload` where fewer at once may help.
 */
export interface Failed {
  readonly reason: Failure
  readonly final: boolean
  readonly overload: boolean
}

/**
 * A request that takes turns. Latencies are compared among requests of the same `kind`. `last` is why its last attempt
 * failed, `undefined` before the first.
 */
export interface Turn {
  readonly clock: Clock.Clock
  readonly kind: string
  /**
   * The end of the request's time, in milliseconds: it waits for no longer pause, and begins no second attempt later.
   */
  readonly latest: number
  readonly last: () => Failure | undefined
}

/** The longest pause of a host, in milliseconds, even if the host requests a longer one. */
const maxHold = 300_000

/** The pause of a host that states no length, in milliseconds; it doubles each time. */
const firstHold = 250

/** Hosts that are remembered: a registry and its services are few, but redirects may name any number. */
const maxHosts = 64

/** The host that stands for all hosts beyond those. */
const others = "one of many hosts"

const final = (reason: Failure): Failed => ({ reason, final: true, overload: false })

/** One host, which is a scheme, a name and a port. */
type Host = ReturnType<typeof makeHost>

const makeHost = (
  origin: string,
  options: { readonly concurrency: Concurrency.Options; readonly maxPause: number }
) => {
  const { maxPause } = options
  const circuit = Circuit.make(origin)
  const concurrency = Concurrency.make(options.concurrency)
  const semaphore = Semaphore.makeUnsafe(concurrency.limit())
  let permits = concurrency.limit()
  let sent = 0
  let underWay = 0
  let heldUntil = 0
  let holds = 0
  /** The last attempt that was sent before the host reported an overload: those before it report the same overload. */
  let lastBeforeOverload = 0

  const hold = (wait: number, now: number) => {
    heldUntil = Math.max(heldUntil, now + Math.min(wait, maxHold))
  }

  const answered = (response: HttpResponse, now: number) => {
    holds = 0
    const wait = RateLimit.pause(response.headers, now)
    if (wait === undefined || wait === 0) return
    if (now >= heldUntil) concurrency.restart()
    hold(wait, now)
  }

  const overloaded = (number: number, reason: Failure, now: number) => {
    const isLimit = reason._tag === "RateLimited"
    const first = number > lastBeforeOverload
    if (first) lastBeforeOverload = sent
    if (isLimit && reason.retryAfter !== undefined) hold(reason.retryAfter, now)
    else if (isLimit && first) hold(Math.min(firstHold * 2 ** holds++, maxPause), now)
    if (!first) return
    if (isLimit) concurrency.restart()
    else concurrency.halve()
  }

  const execute = ({ clock, kind, last }: Turn, effect: Effect.Effect<HttpResponse, Failed>) => {
    const first = last() === undefined
    const number = ++sent
    const full = ++underWay >= permits
    const probe = circuit.begin()
    const began = clock.monotonicTimeNanosUnsafe()
    return Effect.onExitPrimitive(effect, (exit) => {
      underWay--
      const now = clock.currentTimeMillisUnsafe()
      if (Exit.isSuccess(exit)) {
        const ended = clock.monotonicTimeNanosUnsafe()
        circuit.answered(probe)
        concurrency.answered(kind, Number(ended - began) / 1e6, full, Number(ended) / 1e6)
        answered(exit.value, now)
      } else {
        const failed = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
        if (failed === undefined) {
          if (probe) circuit.abandoned()
        } else {
          if (failed.reason._tag !== "Unreachable") circuit.answered(probe)
          else circuit.failed(probe, first, failed.reason.detail, now)
          if (failed.overload) overloaded(number, failed.reason, now)
        }
      }
      if (concurrency.limit() === permits) return undefined
      permits = concurrency.limit()
      return semaphore.resize(permits)
    })
  }

  /** Runs an attempt when it is the request's turn. */
  const attempt = (turn: Turn, effect: Effect.Effect<HttpResponse, Failed>) => {
    const { clock, last, latest } = turn
    /**
     * Runs when the semaphore admits it. `undefined` if the host has paused or failed meanwhile: the request then waits
     * again.
     */
    const inTurn: Effect.Effect<HttpResponse | undefined, Failed> = Effect.suspend(() => {
      const now = clock.currentTimeMillisUnsafe()
      if (now < heldUntil || circuit.refusal(now) !== undefined) return Effect.undefined
      const before = now > latest ? last() : undefined
      return before === undefined ? execute(turn, effect) : Effect.fail(final(before))
    })
    const waiting: Effect.Effect<HttpResponse, Failed> = Effect.suspend(() => {
      const now = clock.currentTimeMillisUnsafe()
      const refusal = circuit.refusal(now)
      if (refusal !== undefined) return Effect.fail(final(refusal))
      const rest = heldUntil - now
      if (rest <= 0) return Effect.flatMap(semaphore.withPermit(inTurn), orWait)
      if (rest > maxPause || heldUntil > latest) {
        const detail = `${origin} asked for a pause, which is not over yet`
        return Effect.fail(final(new Registry.RateLimited({ detail, retryAfter: rest })))
      }
      // Rounded up, so that the sleep does not end before the pause.
      return Effect.andThen(Effect.sleep(Math.ceil(rest)), waiting)
    })
    const orWait = (response: HttpResponse | undefined) => (response === undefined ? waiting : Effect.succeed(response))
    return waiting
  }

  return {
    attempt,
    /** A request failed after all its attempts. */
    gaveUp: (reason: Failure, now: number) => {
      if (reason._tag === "Unreachable") circuit.gaveUp(reason.detail, now)
    }
  }
}

/**
 * The hosts, each made at its first request. `maxPause` is the longest pause, in milliseconds, that a request waits.
 */
export const make = (options: {
  readonly concurrency: Concurrency.Options
  readonly maxPause: number
}): ((url: URL) => Host) => {
  const hosts = new Map<string, Host>()
  return (url) => {
    const known = hosts.get(url.origin)
    if (known !== undefined) return known
    const name = hosts.size < maxHosts ? url.origin : others
    const host = hosts.get(name) ?? makeHost(name, options)
    hosts.set(name, host)
    return host
  }
}
