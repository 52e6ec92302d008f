/** Replicas over PostgreSQL, and what they log. */
import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import {
  type Leadership as LeadershipPort,
  Leadership,
  LoginAttempts,
  Revocation,
  type SnapshotStore as Port,
  SnapshotStore
} from "@gitlab-registry-usage/core"
import { Context, Effect, Layer, Logger, Queue, Stream } from "effect"

/** All ports of a replica. */
export const replica = (options: Postgres.Options) =>
  Effect.map(Layer.build(Layer.fresh(Postgres.layer(options))), (services) => ({
    store: Context.get(services, SnapshotStore.SnapshotStore),
    leadership: Context.get(services, Leadership.Leadership),
    revocation: Context.get(services, Revocation.Revocation),
    attempts: Context.get(services, LoginAttempts.LoginAttempts)
  }))

/** The next snapshot that is published. */
export const listen = Effect.fnUntraced(function* (store: Port.SnapshotStore["Service"]) {
  const heard = yield* Queue.unbounded<Port.Published>()
  yield* Effect.forkScoped(Stream.runForEach(store.published, (published) => Queue.offer(heard, published)))
  return Effect.timeout(Queue.take(heard), "10 seconds")
})

/** A reign that reports its begin and end. */
export const reign = Effect.fnUntraced(function* (leadership: LeadershipPort.Leadership["Service"]) {
  const events = yield* Queue.unbounded<"begins" | "ends">()
  yield* Effect.forkScoped(
    leadership.lead(() =>
      Queue.offer(events, "begins").pipe(Effect.andThen(Effect.never), Effect.ensuring(Queue.offer(events, "ends")))
    )
  )
  return Effect.timeout(Queue.take(events), "20 seconds")
})

/** Collects what is logged. */
export const collected = (lines: Array<string>) =>
  Logger.layer([Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))])
