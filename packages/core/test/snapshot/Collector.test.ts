import { Collector, Inventory, Leadership, Names, Registry, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { assert, describe, expect, it } from "@effect/vitest"
import { Clock, DateTime, type Duration, Effect, Fiber, Layer, Metric, Option, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import { images, repository } from "../registries.ts"

/** A registry whose answers a test changes while the collector runs. */
const scene = Effect.fnUntraced(function* () {
  const { docker, multi } = yield* images
  const contents = yield* Ref.make<ReadonlyArray<Images.Repository>>([repository("a", { one: docker })])
  const fault = yield* Ref.make<Effect.Effect<void, Registry.RegistryReason>>(Effect.void)
  const crawls = yield* Ref.make(0)
  const registry = Layer.succeed(
    Registry.Registry,
    forward(() =>
      RegistryMemory.make({
        repositories: Effect.runSync(Ref.get(contents)),
        before: (operation) =>
          Effect.andThen(
            operation === "repositories" ? Ref.update(crawls, (count) => count + 1) : Effect.void,
            Effect.flatten(Ref.get(fault))
          )
      })
    )
  )
  const collector = (options?: Collector.Options) =>
    Collector.layer({ interval: "10 minutes", jitter: 0, ...options }).pipe(
      Layer.provide(registry),
      Layer.provideMerge(SnapshotStore.layerMemory)
    )
  return { docker, multi, contents, fault, crawls, collector }
})

/** Builds the registry anew at each operation, so that it answers from what the test has set by then. */
const forward = (current: () => Registry.Registry["Service"]): Registry.Registry["Service"] => ({
  get repositories() {
    return current().repositories
  },
  tags: (repository) => current().tags(repository),
  resolve: (repository, tag) => current().resolve(repository, tag),
  manifest: (repository, reference) => current().manifest(repository, reference),
  blob: (repository, digest, maxBytes) => current().blob(repository, digest, maxBytes),
  blobSize: (repository, digest) => current().blobSize(repository, digest),
  deleteManifest: (repository, digest) => current().deleteManifest(repository, digest)
})

const current = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  return Option.getOrThrow(yield* collector.current)
})

/** Lets the clock go on, and what then is due come to its end: hashing in the images takes real turns of the loop. */
const advance = (duration: Duration.Input) =>
  Effect.andThen(TestClock.adjust(duration), Effect.repeat(Effect.yieldNow, { times: 100 }))

const status = Effect.flatMap(Collector.Collector, (collector) => collector.status)

describe("Collector", () => {
  it.effect("crawls at once in the background, then after each interval", () =>
    Effect.gen(function* () {
      const { collector, contents, crawls, multi } = yield* scene()
      yield* Effect.gen(function* () {
        yield* advance(0)
        const first = yield* current
        expect(first.stale).toBe(false)
        yield* Ref.set(contents, [repository("a", { one: multi })])
        yield* advance("9 minutes")
        assert.strictEqual(yield* current, first)
        yield* advance("1 minute")
        expect(Usage.total((yield* current).usage)!.diskSize).not.toBe(Usage.total(first.usage)!.diskSize)
        expect(yield* Ref.get(crawls)).toBe(2)
        expect((yield* status).attempts).toEqual({ succeeded: 2, failed: 0 })
      }).pipe(Effect.provide(collector()))
    })
  )

  it.effect("F80 keeps the last good snapshot when a crawl fails, reports it, and retries sooner", () =>
    Effect.gen(function* () {
      const { collector, fault } = yield* scene()
      yield* Effect.gen(function* () {
        yield* advance(0)
        const first = yield* current
        yield* Ref.set(fault, Effect.fail(new Registry.Unreachable({ detail: "connection refused" })))
        yield* advance("10 minutes")
        const kept = yield* current
        expect(kept).toEqual({ ...first, stale: true })
        expect(yield* status).toMatchObject({
          crawling: false,
          attempts: { succeeded: 1, failed: 1 },
          lastError: "repositories: Unreachable: connection refused"
        })
        yield* Ref.set(fault, Effect.void)
        yield* advance("5 seconds")
        expect((yield* current).stale).toBe(false)
        expect((yield* status).lastError).toBeUndefined()
      }).pipe(Effect.provide(collector()))
    })
  )

  it.effect("F81 an empty catalog after a full one is refused and reported", () =>
    Effect.gen(function* () {
      const { collector, contents } = yield* scene()
      yield* Effect.gen(function* () {
        yield* advance(0)
        yield* Ref.set(contents, [])
        yield* advance("10 minutes")
        const kept = yield* current
        expect(kept.usage.inventory.repositories).toHaveLength(1)
        expect(kept.stale).toBe(true)
        expect((yield* status).lastError).toContain("lists no repository, while there were 1 before")
      }).pipe(Effect.provide(collector()))
    })
  )

  it.effect("F82 a crawl that is longer than the interval overlaps with nothing and is waited for by a refresh", () =>
    Effect.gen(function* () {
      const { collector, crawls, fault } = yield* scene()
      yield* Ref.set(fault, Effect.sleep("15 minutes"))
      yield* Effect.gen(function* () {
        const service = yield* Collector.Collector
        const waiting = yield* Effect.forkChild(Effect.all([service.refresh, service.refresh], { concurrency: 2 }))
        yield* advance("14 minutes")
        expect(yield* Ref.get(crawls)).toBe(1)
        expect((yield* status).crawling).toBe(true)
        yield* advance("1 minute")
        // The tags and the manifest.
        for (let i = 0; i < 2; i++) yield* advance("15 minutes")
        const [one, two] = yield* Fiber.join(waiting)
        assert.strictEqual(one, two)
        expect(yield* Ref.get(crawls)).toBe(1)
      }).pipe(Effect.provide(collector({ measure: 0 })))
    })
  )

  it.effect("a crawl that does not end is given up at the deadline", () =>
    Effect.gen(function* () {
      const { collector, fault } = yield* scene()
      yield* Ref.set(fault, Effect.never)
      yield* Effect.gen(function* () {
        yield* advance("1 hour")
        expect((yield* status).lastError).toBe("the crawl did not end within 1h")
      }).pipe(Effect.provide(collector({ deadline: "1 hour" })))
    })
  )

  it.effect("F83 goes on after a defect, which is counted", () =>
    Effect.gen(function* () {
      const { collector, fault } = yield* scene()
      yield* Ref.set(fault, Effect.die(new TypeError("a bug")))
      yield* Effect.gen(function* () {
        yield* advance(0)
        expect(yield* status).toMatchObject({
          attempts: { failed: 1, succeeded: 0 },
          lastError: "an unexpected error ended the crawl"
        })
        const defects = Metric.withAttributes(Collector.collectionErrors, { reason: "Defect" })
        expect((yield* Metric.value(defects)).count).toBe(1)
        yield* Ref.set(fault, Effect.void)
        yield* advance("5 seconds")
        expect((yield* current).stale).toBe(false)
      }).pipe(Effect.provide(collector()))
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("F83 begins again after a defect outside of a crawl, which is counted", () =>
    Effect.gen(function* () {
      const { collector, crawls } = yield* scene()
      const one = yield* Effect.flatten(Leadership.makeGroup)
      const defects = yield* Ref.make(0)
      const leadership = Leadership.Leadership.of({
        ...one,
        notifications: Stream.unwrap(
          Effect.map(
            Ref.updateAndGet(defects, (count) => count + 1),
            (count) => (count <= 2 ? Stream.die(new TypeError("a bug")) : one.notifications)
          )
        )
      })
      const counted = Effect.map(
        Metric.value(Metric.withAttributes(Collector.collectionErrors, { reason: "Defect" })),
        ({ count }) => count
      )
      yield* Effect.gen(function* () {
        yield* advance(0)
        expect(yield* counted).toBe(1)
        yield* advance("5 seconds")
        expect(yield* counted).toBe(2)
        yield* advance("5 seconds")
        yield* advance("30 minutes")
        expect(yield* counted).toBe(2)
        expect(yield* Ref.get(crawls)).toBeGreaterThanOrEqual(3)
        expect((yield* current).stale).toBe(false)
      }).pipe(Effect.provide(collector()), Effect.provideService(Leadership.Leadership, leadership))
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()), Effect.scoped)
  )

  it.effect("F99 serves what the store had, as stale, until a crawl succeeds", () =>
    Effect.gen(function* () {
      const { collector, fault } = yield* scene()
      const layer = yield* Layer.build(SnapshotStore.layerMemory)
      const saved = yield* Effect.gen(function* () {
        yield* advance(0)
        return yield* current
      }).pipe(Effect.provide(Layer.fresh(collector())), Effect.provide(layer))
      const store = SnapshotStore.make({
        load: Effect.succeed(Option.some({ ...saved, stale: true })),
        save: () => Effect.void
      })
      yield* Ref.set(fault, Effect.fail(new Registry.Unreachable({ detail: "down" })))
      yield* advance("1 day")
      yield* Effect.gen(function* () {
        yield* advance(0)
        const served = yield* current
        expect(served.takenAt).toEqual(saved.takenAt)
        expect(served.stale).toBe(true)
        yield* Ref.set(fault, Effect.void)
        yield* advance("5 seconds")
        expect((yield* current).stale).toBe(false)
      }).pipe(
        Effect.provide(Layer.effect(Collector.Collector, Collector.make({ jitter: 0 }))),
        Effect.provideService(SnapshotStore.SnapshotStore, store),
        Effect.provide(registryOf(fault, [repository("a", { one: (yield* images).docker })]))
      )
    })
  )

  it.effect("reads the repositories that changed, and no others, between crawls", () =>
    Effect.gen(function* () {
      const { collector, contents, crawls, docker, multi } = yield* scene()
      const name = (text: string) => Names.RepositoryName.make(text)
      yield* Ref.set(contents, [
        repository("a", { one: docker }),
        repository("b", { one: docker }),
        repository("c", {})
      ])
      yield* Effect.gen(function* () {
        const service = yield* Collector.Collector
        yield* service.changed([{ repository: name("a") }])
        yield* advance(0)
        const first = yield* current
        yield* Ref.set(contents, [
          repository("a", { one: multi }),
          repository("b", { one: multi }),
          repository("new", { one: docker })
        ])
        for (const changed of ["a", "c", "new", "a"]) yield* service.changed([{ repository: name(changed) }])
        yield* advance("1 second")
        const { takenAt, usage } = yield* current
        expect(DateTime.isGreaterThan(takenAt, first.takenAt)).toBe(true)
        expect(usage.inventory.repositories.map(({ name }) => name)).toEqual(["a", "b", "new"])
        const sizeOf = (usage: Usage.Usage, text: string) =>
          Usage.repositorySizes(usage, Usage.findRepository(usage, name(text))!)!.size
        expect(sizeOf(usage, "a")).toBeGreaterThan(sizeOf(first.usage, "a"))
        // No change was reported there.
        expect(sizeOf(usage, "b")).toBe(sizeOf(first.usage, "b"))
        expect(sizeOf(usage, "new")).toBe(sizeOf(usage, "b"))
        expect(yield* Ref.get(crawls)).toBe(1)
        yield* advance("10 minutes")
        expect(sizeOf((yield* current).usage, "b")).toBe(sizeOf(usage, "a"))
      }).pipe(Effect.provide(collector()))
    })
  )

  describe("what the registry deletes of a known index", () => {
    const parts = Effect.gen(function* () {
      const { arm64, docker, multi } = yield* images
      const lost = new Set<string>()
      const asked: Array<string> = []
      const registry = RegistryMemory.layer({
        repositories: [repository("a", { one: multi, two: docker })],
        before: (operation, target) =>
          Effect.suspend(() => {
            if (operation === "manifest") asked.push(target)
            const isLost = operation === "manifest" && lost.has(target.slice(target.search(/[@:]/) + 1))
            return isLost ? Effect.fail(new Registry.NotFound({ detail: "manifest unknown" })) : Effect.void
          })
      })
      const layer = (options?: Collector.Options) =>
        Collector.layer({ jitter: 0, interval: "1 hour", ...options }).pipe(Layer.provide(registry))
      const size = Effect.map(current, ({ usage }) => Usage.total(usage)!.diskSize)
      return { arm64, asked, layer, lost, size }
    })

    it.effect("is gone after the next crawl, over a restart too", () =>
      Effect.gen(function* () {
        const { arm64, layer, lost, size } = yield* parts
        const before = yield* Effect.provide(Effect.andThen(advance(0), size), layer())
        lost.add(arm64.digest)
        yield* Effect.gen(function* () {
          expect(yield* size).toBe(before)
          yield* advance(0)
          expect(yield* size).toBeLessThan(before - 400)
        }).pipe(Effect.provide(layer()))
      }).pipe(Effect.provide(SnapshotStore.layerMemory))
    )

    it.effect("a crawl of each verifyInterval, counted from 1970, and an operator's command read every manifest", () =>
      Effect.gen(function* () {
        const { asked, layer, lost } = yield* parts
        const tagRead = () => asked.splice(0).includes("a:two")
        yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-01T22:30:00Z")))
        yield* Effect.gen(function* () {
          yield* advance(0)
          expect(tagRead()).toBe(true)
          yield* advance("1 hour")
          expect(tagRead()).toBe(false)
          yield* advance("1 hour")
          expect(tagRead()).toBe(true)
          yield* advance("1 hour")
          expect(tagRead()).toBe(false)
          lost.add("two")
          const snapshot = yield* Effect.flatMap(Collector.Collector, ({ verify }) => verify)
          expect(tagRead()).toBe(true)
          expect(snapshot.usage.inventory.gaps).toMatchObject([{ tag: "two", reason: "NotFound" }])
        }).pipe(Effect.provide(layer()))
        // After a restart, the schedule goes on.
        yield* TestClock.adjust("23 hours")
        asked.splice(0)
        yield* advance(0).pipe(Effect.provide(layer()))
        expect(tagRead()).toBe(true)
        yield* advance("1 hour").pipe(Effect.provide(layer()))
        expect(tagRead()).toBe(true)
      }).pipe(Effect.provide(SnapshotStore.layerMemory))
    )
  })
  it.effect("F115 sees every push and deletion of steady traffic, though the registry writes after it notifies", () =>
    Effect.gen(function* () {
      const app = Names.RepositoryName.make("busy/app")
      for (const delay of [60, 500, 2000]) {
        const { collector, contents, crawls, docker, multi } = yield* scene()
        const stored = new Map([["old", docker]])
        const store = Effect.suspend(() => Ref.set(contents, [repository(app, Object.fromEntries(stored))]))
        yield* store
        yield* Effect.gen(function* () {
          const service = yield* Collector.Collector
          yield* advance(0)
          const seen = Effect.map(current, ({ usage: { inventory } }) => {
            const { tagManifests, tagNames } = inventory.repositories[0]!
            return new Map(tagNames.map((tag, i) => [`${tag}`, Inventory.manifestDigest(inventory, tagManifests[i]!)]))
          })
          const later = (write: () => void) =>
            Effect.forkScoped(Effect.andThen(Effect.sleep(delay), Effect.andThen(Effect.sync(write), store)))
          const begin = yield* Clock.currentTimeMillis
          for (let i = 0; i < 60; i++) {
            const tag = Names.TagName.make(`t${i % 20}`)
            const image = i < 20 ? docker : multi
            yield* service.changed([{ repository: app, tag, digest: image.digest }])
            yield* later(() => stored.set(tag, image))
            yield* advance(50)
          }
          // The traffic does not keep those from being seen that are stored after two seconds.
          expect((yield* seen).size).toBeGreaterThan(delay < 2000 ? 10 : 1)
          yield* service.changed([{ repository: app, digest: docker.digest, isDeleted: true }])
          yield* later(() => stored.delete("old"))
          yield* service.changed([{ repository: app, tag: Names.TagName.make("t7"), isDeleted: true }])
          yield* later(() => stored.delete("t7"))
          while ((yield* Clock.currentTimeMillis) < begin + 9000) yield* advance(250)
          expect(Object.fromEntries(yield* seen)).toEqual(
            Object.fromEntries([...stored].map(([tag, { digest }]) => [tag, digest]))
          )
          expect([...stored.keys()]).toHaveLength(19)
          expect(yield* Ref.get(crawls)).toBe(1)
        }).pipe(Effect.scoped, Effect.provide(collector()))
      }
    })
  )

  it.effect("measures so many sizes in each crawl, until all are measured, over a restart too", () =>
    Effect.gen(function* () {
      const { docker, multi } = yield* images
      const asked: Array<string> = []
      const registry = RegistryMemory.layer({
        repositories: [repository("a", { one: multi, two: docker })],
        before: (operation, target) =>
          Effect.sync(() => {
            if (operation === "blobSize") asked.push(target)
          })
      })
      const crawls = (count: number) =>
        Effect.gen(function* () {
          for (let i = 0; i < count; i++) yield* advance(i === 0 ? 0 : "1 hour")
          return Inventory.sizeCoverage((yield* current).usage.inventory)
        }).pipe(
          Effect.provide(Collector.layer({ jitter: 0, interval: "1 hour", measure: 2 }).pipe(Layer.provide(registry)))
        )
      expect((yield* crawls(2)).measured).toBe(4)
      const { blobs, measured } = yield* crawls(4)
      expect(measured).toBe(blobs)
      expect(asked).toHaveLength(blobs)
      expect(new Set(asked).size).toBe(blobs)
    }).pipe(Effect.provide(SnapshotStore.layerMemory))
  )

  it.effect("F127 a snapshot older than three intervals is stale, though no crawl has failed", () =>
    Effect.gen(function* () {
      const { collector, fault } = yield* scene()
      yield* Effect.gen(function* () {
        yield* advance(0)
        yield* advance("10 minutes")
        const { takenAt } = yield* current
        yield* Ref.set(fault, Effect.never)
        yield* advance("29 minutes")
        expect(yield* current).toMatchObject({ takenAt, stale: false })
        yield* advance("2 minutes")
        expect(yield* current).toMatchObject({ takenAt, stale: true })
        expect(yield* status).toMatchObject({ attempts: { succeeded: 2, failed: 0 } })
        yield* Ref.set(fault, Effect.void)
        yield* advance("2 hours")
        expect((yield* current).stale).toBe(false)
      }).pipe(Effect.provide(collector()))
    })
  )

  it.effect("F98 serves a snapshot that could not be saved", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const full = new SnapshotStore.SnapshotStoreError({
        operation: "save",
        reason: new SnapshotStore.StoreUnavailable({ detail: "no space left on device" })
      })
      yield* Effect.gen(function* () {
        yield* advance(0)
        expect((yield* current).stale).toBe(false)
        expect((yield* status).attempts.succeeded).toBe(1)
        expect((yield* Metric.value(Collector.saveErrors)).count).toBe(1)
        expect((yield* status).saveError).toContain("no space left on device")
      }).pipe(
        Effect.provide(Layer.effect(Collector.Collector, Collector.make({ jitter: 0 }))),
        Effect.provideService(
          SnapshotStore.SnapshotStore,
          SnapshotStore.make({ load: Effect.fail(full), save: () => Effect.fail(full) })
        ),
        Effect.provide(RegistryMemory.layer({ repositories: [repository("a", { one: docker })] }))
      )
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})

const registryOf = (
  fault: Ref.Ref<Effect.Effect<void, Registry.RegistryReason>>,
  repositories: ReadonlyArray<Images.Repository>
) => RegistryMemory.layer({ repositories, before: () => Effect.flatten(Ref.get(fault)) })
