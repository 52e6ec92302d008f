// A client of the server that knows no paths: it signs in and then follows links. USAGE_URL=http://127.0.0.1:5000
// USAGE_USER=demo USAGE_PASSWORD=demo-password node examples/hal-client.ts
import { basicAuth, bearerAuth, Client } from "ketting"

interface Image {
  readonly name: string
  readonly disk_size: number | null
}

const { USAGE_PASSWORD = "", USAGE_URL = "", USAGE_USER = "" } = process.env

const anonymous = new Client(USAGE_URL)
anonymous.use(basicAuth(USAGE_USER, USAGE_PASSWORD))
const { data: signedIn } = await anonymous.go<{ readonly auth_token: string }>("/auth_token").get()

const client = new Client(`${USAGE_URL}/?links=true`)
client.use(bearerAuth(signedIn.auth_token))
// The API sends links only to clients that ask for them.
client.use((request, next) => {
  const url = new URL(request.url)
  url.searchParams.set("links", "true")
  return next(new Request(url, request))
})

const images = await client.go<Image>().follow("images").followAll<Image>("items")
for (const image of images) {
  const { data, links } = await image.get()
  // An unreadable image has no sizes and no link to its tags.
  const tags = links.has("tags") ? await image.follow("tags").followAll("items") : []
  console.log(`${data.name}\t${data.disk_size ?? "unknown"}\t${tags.length} tags`)
}
