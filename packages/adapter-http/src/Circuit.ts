/**
 * Leaving a host alone that does not answer.
 *
 * Source: M. Nygard, "Release It!", "Circuit Breaker".
 *
 * @since 0.1.0
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Duration } from "effect"

/**
 * The circuit to one host. It opens when several requests in a row found no answer, each after all its attempts; then no
 * request is sent for a while, and after it a single attempt, the probe, closes the circuit or opens it for longer.
 * Times are in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Circuit {
  /** Why no request may be sent, `undefined` where one may. */
  readonly refusal: (now: number) => Registry.Unreachable | undefined
  /** An attempt begins; whether it is the probe. */
  readonly begin: () => boolean
  /** The host answered an attempt, with whatever status. */
  readonly answered: (probe: boolean) => void
  /** The probe was given up without an answer being awaited: another may take its place. */
  readonly abandoned: () => void
  /** A request found no answer after all its attempts, or the probe found none. */
  readonly failed: (probe: boolean, detail: string, now: number) => void
}

/** Requests in a row that find no answer before the circuit opens. */
const maxFailures = 5

/** How long the circuit is open the first time; twice as long after each probe that fails, up to the longest. */
const cooldown = 10_000
const maxCooldown = 120_000

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (origin: string): Circuit => {
  let failures = 0
  let openings = 0
  /** When the probe may begin; `undefined` where the circuit is closed. */
  let openUntil: number | undefined
  let probing = false
  let last = ""

  const refused = (when: string) =>
    new Registry.Unreachable({ detail: `${origin} does not answer and ${when}; the last failure: ${last}` })

  return {
    refusal: (now) => {
      if (openUntil === undefined) return undefined
      if (probing) return refused("is being tried again now")
      const rest = Math.ceil((openUntil - now) / 1000)
      return rest > 0 ? refused(`is tried again in ${Duration.format(Duration.seconds(rest))}`) : undefined
    },
    begin: () => {
      if (openUntil === undefined) return false
      probing = true
      return true
    },
    answered: (probe) => {
      failures = 0
      if (!probe) return
      probing = false
      openUntil = undefined
      openings = 0
    },
    abandoned: () => {
      probing = false
    },
    failed: (probe, detail, now) => {
      // What was under way when the circuit opened tells nothing new.
      if (openUntil !== undefined && !probe) return
      if (!probe && ++failures < maxFailures) return
      failures = 0
      probing = false
      last = detail
      openUntil = now + Math.min(cooldown * 2 ** openings++, maxCooldown)
    }
  }
}
