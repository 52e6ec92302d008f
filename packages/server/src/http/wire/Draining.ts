/** Whether the server is stopping. */
import { Context } from "effect"

/** Tells whether the server is stopping: it still answers, but asks to be sent nothing new. */
export const Draining = Context.Reference<() => boolean>("@gitlab-registry-usage/server/Draining", {
  defaultValue: () => () => false
})
