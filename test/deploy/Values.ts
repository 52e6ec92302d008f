/** Values of the chart that tests begin with. */

/** A reference to a Secret. */
export const secret = (key: string) => ({ secret: "usage", key })

/** The least that has to be set. */
export const needed = {
  image: { repository: "registry.example.com/usage", tag: "1" },
  config: {
    ldap: { host: "ldap.example.com", base_dn: "dc=example,dc=com", group_rule: "none" },
    registry: { gitlab_base_url: "https://gitlab.example.com/", registry_base_url: "https://registry.example.com/" }
  },
  secrets: {
    jwt: { secret_key: secret("secret_key") },
    registry: { access_token: secret("access_token") }
  }
}
/** The same, on PostgreSQL. */
export const postgres = { ...needed, secrets: { ...needed.secrets, database: { url: secret("url") } } }
