import { Projection } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration } from "effect"
import fc from "fast-check"

const start = DateTime.makeUnsafe("2026-01-01T23:00:00Z")
const dayOf = (day: number) => DateTime.addDuration(start, Duration.days(day))
const line = (days: number, at: number, slope: number): ReadonlyArray<Projection.Level> =>
  Array.from({ length: days }, (_, day) => ({ takenAt: dayOf(day), size: at + slope * day }))

const lines = fc.record({
  days: fc.integer({ min: 3, max: 90 }),
  at: fc.integer({ min: 0, max: 2 ** 40 }),
  slope: fc.integer({ min: 1, max: 2 ** 34 })
})

describe("Projection", () => {
  it("finds a straight line exactly, and when it reaches the capacity (property)", () =>
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: 3000 }), ({ at, days, slope }, left) => {
        const last = at + slope * (days - 1)
        const found = Projection.project(line(days, at, slope), last + slope * left)
        expect(found).toMatchObject({ method: "theil-sen", bytesPerDay: slope, days: left, reason: undefined })
        expect(found.fullAt).toEqual(dayOf(days - 1 + left))
        expect(found.basedOn).toEqual({ points: days, from: dayOf(0), to: dayOf(days - 1) })
      })
    ))

  it("does not depend on the order of the levels (property)", () =>
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.record({ hour: fc.nat(2000), size: fc.option(fc.nat(2 ** 40), { nil: undefined }) }), {
            selector: ({ hour }) => hour,
            maxLength: 60
          })
          .chain((levels) => fc.tuple(fc.constant(levels), fc.shuffledSubarray(levels, { minLength: levels.length }))),
        fc.nat(2 ** 41),
        ([levels, shuffled], capacity) => {
          const of = (all: typeof levels) =>
            all.map(({ hour, size }) => ({ takenAt: DateTime.addDuration(start, Duration.hours(hour)), size }))
          expect(Projection.project(of(shuffled), capacity)).toEqual(Projection.project(of(levels), capacity))
        }
      )
    ))

  it("is not misled by a quarter of outliers (property)", () =>
    fc.assert(
      fc.property(
        fc.record({ days: fc.integer({ min: 20, max: 90 }), slope: fc.integer({ min: 1000, max: 2 ** 30 }) }),
        fc.infiniteStream(fc.nat(2 ** 45)),
        fc.nat(3),
        ({ days, slope }, noise, offset) => {
          const levels = line(days, 2 ** 30, slope).map((level, day) =>
            day % 4 === offset && day !== days - 1 ? { ...level, size: noise.next().value } : level
          )
          expect(Projection.project(levels, undefined).bytesPerDay).toBeCloseTo(slope, 3)
        }
      )
    ))

  it("takes the last known level of each day", () => {
    const hour = (day: number, hours: number) => DateTime.addDuration(dayOf(day), Duration.hours(-hours))
    const found = Projection.project(
      [0, 1, 2].flatMap((day) => [
        { takenAt: hour(day, 10), size: 9_999_999 },
        { takenAt: hour(day, 1), size: 100 * day },
        { takenAt: dayOf(day), size: undefined }
      ]),
      1200
    )
    expect(found).toMatchObject({ bytesPerDay: 100, days: 10, basedOn: { points: 3, to: hour(2, 1) } })
  })

  it("gives the reason why there is no date", () => {
    const reason = (levels: ReadonlyArray<Projection.Level>, capacity?: number) => {
      const { bytesPerDay, days, fullAt, reason } = Projection.project(levels, capacity)
      expect([days, fullAt]).toEqual([undefined, undefined])
      return [reason, bytesPerDay]
    }
    expect(reason([], 10)).toEqual(["too-few-points", undefined])
    expect(reason(line(2, 0, 5), 10)).toEqual(["too-few-points", undefined])
    expect(reason(line(3, 0, 5))).toEqual(["no-capacity", 5])
    expect(reason([])).toEqual(["no-capacity", undefined])
    expect(reason(line(5, 5, 0), 10)).toEqual(["not-growing", 0])
    expect(reason(line(5, 100, -5), 1000)).toEqual(["not-growing", -5])
    expect(reason(line(5, 0, 1), 1e9)).toEqual(["beyond-a-century", 1])
  })

  it("what is full already is full now, whether it grows or not", () => {
    for (const slope of [5, -5]) {
      const levels = line(5, 100, slope)
      expect(Projection.project(levels, 50)).toMatchObject({ days: 0, fullAt: dayOf(4), reason: undefined })
    }
  })
})
