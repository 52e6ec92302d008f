/**
 * Sends no requests to a host that does not answer.
 *
 * Source: M. Nygard, "Release It!", "Circuit Breaker".
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Duration } from "effect"

/** Requests in a row without a response before the circuit opens. */
const maxFailures = 5

/** After this time failed first attempts suffice: an attempt without a response takes its whole timeout. */
const patience = 60_000

/** How long the circuit is open the first time; twice as long after each probe that fails, up to the longest. */
const cooldown = 10_000
const maxCooldown = 120_000

/**
 * The circuit to one host. It opens when several requests in a row got no response: after all their attempts, or after
 * their first attempts if the failures have lasted for `patience`. Retries do not count, because one unreadable
 * manifest causes several. An open circuit sends no request for a while; then a single attempt, the probe, closes it or
 * opens it for longer. Times are in milliseconds.
 */
export const make = (origin: string) => {
  /** Since the last answer: requests that were given up, requests that failed, and since when. */
  let givenUp = 0
  let failing = 0
  let since: number | undefined
  let openings = 0
  /** When the probe may begin; `undefined` where the circuit is closed. */
  let openUntil: number | undefined
  let probing = false
  let last = ""

  const refused = (when: string) =>
    new Registry.Unreachable({ detail: `${origin} does not answer and ${when}; the last failure: ${last}` })

  const open = (detail: string, now: number) => {
    givenUp = failing = 0
    since = undefined
    probing = false
    last = detail
    openUntil = now + Math.min(cooldown * 2 ** openings++, maxCooldown)
  }

  return {
    /** Why no request may be sent, `undefined` where one may. */
    refusal: (now: number) => {
      if (openUntil === undefined) return undefined
      if (probing) return refused("is being tried again now")
      const rest = Math.ceil((openUntil - now) / 1000)
      return rest > 0 ? refused(`is tried again in ${Duration.format(Duration.seconds(rest))}`) : undefined
    },
    /** An attempt begins; whether it is the probe. */
    begin: () => {
      if (openUntil === undefined) return false
      probing = true
      return true
    },
    /** The host answered an attempt, with whatever status. */
    answered: (probe: boolean) => {
      givenUp = failing = 0
      since = undefined
      if (!probe) return
      probing = false
      openUntil = undefined
      openings = 0
    },
    /** The probe was given up without a response: another may take its place. */
    abandoned: () => {
      probing = false
    },
    /** An attempt, perhaps the `first` one of its request, got no response. */
    failed: (probe: boolean, first: boolean, detail: string, now: number) => {
      if (probe) return open(detail, now)
      since ??= now
      if (first) failing++
      if (openUntil === undefined && failing >= maxFailures && now - since >= patience) open(detail, now)
    },
    /** A request got no response after all its attempts. */
    gaveUp: (detail: string, now: number) => {
      // Requests that were under way when the circuit opened report the same failure.
      if (openUntil === undefined && ++givenUp >= maxFailures) open(detail, now)
    }
  }
}
