/**
 * `/`: where everything is.
 *
 * @since 0.1.0
 */
import type { Hal } from "@gitlab-registry-usage/core"
import { version } from "../../Version.ts"

/**
 * The links of the API, with those of the dashboard where it is there, and those to the past where it is kept.
 *
 * @category resources
 * @since 0.1.0
 */
export const home = (prefix: string, dashboard: boolean, history: boolean): Hal.Resource => ({
  state: { name: "GitLab Registry Usage", version },
  links: () => ({
    self: { href: `${prefix}/` },
    images: { href: `${prefix}/images` },
    repositories: { href: `${prefix}/repositories` },
    namespaces: { href: `${prefix}/namespaces` },
    ...(history
      ? {
          history: { href: `${prefix}/history` },
          growth: { href: `${prefix}/growth` },
          at: { href: `${prefix}/images{?at}`, templated: true as const }
        }
      : {}),
    status: { href: `${prefix}/status` },
    token: { href: `${prefix}/auth_token` },
    unique_size: { href: `${prefix}/unique_size`, title: "POST: what deleting several things together frees" },
    documentation: { href: `${prefix}/docs` },
    "service-desc": { href: `${prefix}/openapi.json` },
    ...(dashboard ? { ui: { href: `${prefix}/ui/` } } : {}),
    image: { href: `${prefix}/images/{image}`, templated: true },
    tag: { href: `${prefix}/images/{image}/tags/{tag}`, templated: true },
    blobs: { href: `${prefix}/images/{image}/tags/{tag}/blobs`, templated: true },
    namespace: { href: `${prefix}/namespaces/{namespace}`, templated: true }
  }),
  embedded: {}
})
