/**
 * One key of the configuration, defined once: reading, checking, the default file and the reference are made from it.
 *
 * @since 0.1.0
 */
import type { ConfigValue } from "./ConfigValue.ts"

/**
 * What holds where a key is not set. `Required`: it must be set. `Conditional`: it must be set unless other keys make it
 * needless, which a rule over all keys decides; until then there is no value. `Default`: this text is decoded instead.
 * `Optional`: there is no value; `means` tells what then happens.
 *
 * The default file shows the sample of a key that must be set. A sample counts as not set, unless it is `plausible`: one
 * that may be somebody's real value.
 *
 * @category models
 * @since 0.1.0
 */
export type Presence = Required | Conditional | Default | Optional

/** @category models @since 0.1.0 */
export interface Required {
  readonly _tag: "Required"
  readonly sample: string
  readonly plausible: boolean
}

/** @category models @since 0.1.0 */
export interface Conditional {
  readonly _tag: "Conditional"
  readonly sample: string
  readonly unless: string
}

/** @category models @since 0.1.0 */
export interface Default {
  readonly _tag: "Default"
  readonly text: string
}

/** @category models @since 0.1.0 */
export interface Optional {
  readonly _tag: "Optional"
  readonly means: string
}

/**
 * A key: its kind of value, whether it must be set, and what it is for (one or more sentences).
 *
 * @category models
 * @since 0.1.0
 */
export interface ConfigKey<out A = unknown, out P extends Presence = Presence> {
  readonly value: ConfigValue<A>
  readonly presence: P
  readonly doc: string
}

/**
 * The type of a key's decoded value; undefined is in it where there may be no value.
 *
 * @category models
 * @since 0.1.0
 */
export type Decoded<Key> =
  Key extends ConfigKey<infer A, infer P> ? (P extends Optional | Conditional ? A | undefined : A) : never

/**
 * A key that must be set. Its sample is refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const required = <A>(value: ConfigValue<A>, sample: string, doc: string): ConfigKey<A, Required> => ({
  value,
  presence: { _tag: "Required", sample, plausible: false },
  doc
})

/**
 * A key that must be set, to the sample if need be.
 *
 * @category constructors
 * @since 0.1.0
 */
export const expected = <A>(value: ConfigValue<A>, sample: string, doc: string): ConfigKey<A, Required> => ({
  value,
  presence: { _tag: "Required", sample, plausible: true },
  doc
})

/**
 * A key that must be set unless something else holds, which `unless` tells.
 *
 * @category constructors
 * @since 0.1.0
 */
export const conditional = <A>(
  value: ConfigValue<A>,
  sample: string,
  unless: string,
  doc: string
): ConfigKey<A, Conditional> => ({ value, presence: { _tag: "Conditional", sample, unless }, doc })

/**
 * A key that has a default, written as in a file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const withDefault = <A>(value: ConfigValue<A>, text: string, doc: string): ConfigKey<A, Default> => ({
  value,
  presence: { _tag: "Default", text },
  doc
})

/**
 * A key that may be absent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const optional = <A>(value: ConfigValue<A>, means: string, doc: string): ConfigKey<A, Optional> => ({
  value,
  presence: { _tag: "Optional", means },
  doc
})
