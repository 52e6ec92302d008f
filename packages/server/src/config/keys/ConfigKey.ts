/** One key of the configuration, defined once: decoding, the default file and the reference are made from it. */
import type { ConfigValue } from "./ConfigValue.ts"

/**
 * Whether a key must be set. `required`: it must be set, and its sample is refused. `expected`: it must be set, and the
 * sample may be a real value. `conditional`: it must be set unless other keys replace it, which a rule over several
 * keys checks. `default`: its default is decoded when it is not set. `optional`: it may have no value.
 */
export type Presence = "required" | "expected" | "conditional" | "default" | "optional"

/** A key: its kind of value, whether it must be set, and what it is for, in one or more sentences. */
export interface ConfigKey<out A = unknown, out P extends Presence = Presence> {
  readonly value: ConfigValue<A>
  readonly presence: P
  /** The text in the default file: the default or the sample. */
  readonly initial: string | undefined
  /** Completes the sentence "Default: …" for a key without a default. */
  readonly absence: string
  readonly doc: string
}

/** The type of a key's decoded value, with undefined where there may be no value. */
export type Decoded<Key> =
  Key extends ConfigKey<infer A, infer P> ? (P extends "optional" | "conditional" ? A | undefined : A) : never

const key =
  <P extends Presence>(presence: P, absence: string) =>
  <A>(value: ConfigValue<A>, initial: string, doc: string): ConfigKey<A, P> => ({
    value,
    presence,
    initial,
    absence,
    doc
  })

/** A key that must be set. Its sample is refused. */
export const required = key("required", "none; the key must be set, and the sample is refused")

/** A key that must be set. The sample may be a real value. */
export const expected = key("expected", "none; the key must be set")

/** A key that has a default, written as in a file. */
export const withDefault = key("default", "")

/** A key that must be set unless the condition `unless` holds. */
export const conditional = <A>(value: ConfigValue<A>, sample: string, unless: string, doc: string) =>
  key("conditional", `none; the key must be set unless ${unless}, and the sample counts as not set`)(value, sample, doc)

/** A key that may be absent; `absence` says what applies then. */
export const optional = <A>(value: ConfigValue<A>, absence: string, doc: string): ConfigKey<A, "optional"> => ({
  value,
  presence: "optional",
  initial: undefined,
  absence,
  doc
})
