/** Loads the growth at a link. Parts of the page with the same view share the request. */
import type { Link } from "../api/Links.ts"
import type { Growth } from "../api/Resources.ts"
import { periods, type View } from "../view/Location.ts"
import { usePage } from "../view/PageContext.ts"
import { type LoadedState, useLoaded } from "../view/useLoaded.ts"

/** How many growers are shown first. */
export const fewGrowers = 7

/** Without a link it loads nothing. */
export const useGrowth = (
  link: Link | undefined,
  { growthBy, growthOf, period }: Pick<View, "growthBy" | "growthOf" | "period">,
  limit: number = fewGrowers
): LoadedState<Growth> => {
  const { client } = usePage()
  const query = { from: periods[period].from, by: growthBy, of: growthOf, limit: String(limit) }
  return useLoaded(`growth ${link?.href} ${Object.values(query).join(" ")}`, link && (() => client.growth(link, query)))
}
