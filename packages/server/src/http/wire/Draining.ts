/**
 * Whether the server is stopping.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/**
 * Tells whether the server is stopping: it still answers, but asks to be sent nothing new.
 *
 * @category services
 * @since 0.1.0
 */
export const Draining = Context.Reference<() => boolean>("@gitlab-registry-usage/server/Draining", {
  defaultValue: () => () => false
})
