// Plain JavaScript, without any types.
import { collect, measure } from "@gitlab-registry-usage/promise"
import { serve, stored } from "./registry.ts"

const registry = await serve()
const { total } = await measure(await collect({ registryUrl: registry.url }))
registry.close()
console.log(`${total.diskSize === stored}`)
