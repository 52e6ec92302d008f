/** Whether the server is stopping. */
import { Context } from "effect"

/** Whether the server is stopping: it still responds, but every response closes its connection. */
export const Draining = Context.Reference<() => boolean>("@gitlab-registry-usage/server/Draining", {
  defaultValue: () => () => false
})
