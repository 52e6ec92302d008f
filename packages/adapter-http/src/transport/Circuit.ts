/**
 * Sends no requests to a host that does not answer.
 *
 * Source: M. Nygard, "Release It!", "Circuit Breaker".
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Duration } from "effect"

/**
 * The circuit to one host. It opens when several requests in a row found no answer, each after all its attempts, or each
 * at least once where that has been going on for long; attempts alone do not count, for a single manifest that cannot be
 * read has several. Then no request is sent for a while, and after it a single attempt, the probe, closes the circuit or
 * opens it for longer. Times are in milliseconds.
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
  /** An attempt, perhaps the `first` one of its request, found no answer. */
  readonly failed: (attempt: { readonly probe: boolean; readonly first: boolean }, detail: string, now: number) => void
  /** A request found no answer after all its attempts. */
  readonly gaveUp: (detail: string, now: number) => void
}

/** Requests in a row that find no answer before the circuit opens. */
const maxFailures = 5

/** After this time failed first attempts are enough: without an answer, an attempt takes its whole timeout. */
const patience = 60_000

/** How long the circuit is open the first time; twice as long after each probe that fails, up to the longest. */
const cooldown = 10_000
const maxCooldown = 120_000

export const make = (origin: string): Circuit => {
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
      givenUp = failing = 0
      since = undefined
      if (!probe) return
      probing = false
      openUntil = undefined
      openings = 0
    },
    abandoned: () => {
      probing = false
    },
    failed: ({ first, probe }, detail, now) => {
      if (probe) return open(detail, now)
      since ??= now
      if (first) failing++
      if (openUntil === undefined && failing >= maxFailures && now - since >= patience) open(detail, now)
    },
    gaveUp: (detail, now) => {
      // Requests that were under way when the circuit opened report the same failure.
      if (openUntil === undefined && ++givenUp >= maxFailures) open(detail, now)
    }
  }
}
