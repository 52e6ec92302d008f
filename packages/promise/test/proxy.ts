import { collect, gitlabCi } from "@gitlab-registry-usage/promise"
import { fetch, ProxyAgent } from "undici"

const dispatcher = new ProxyAgent(process.env["HTTPS_PROXY"]!)
const scan = await collect({ ...gitlabCi(), fetch: (url, init) => fetch(url, { ...init, dispatcher }) })
console.log(scan.length > 1000)
