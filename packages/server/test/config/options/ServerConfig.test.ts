import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted, Result } from "effect"
import * as ServerConfig from "../../../src/config/options/ServerConfig.ts"
import { good, ini, load, refusal, secret, written } from "../fixture.ts"

const secretOf = ({ tokens }: ServerConfig.ServerConfig) =>
  tokens.current._tag === "SharedSecret" ? Redacted.value(tokens.current.secret) : undefined

/** Every key that the original has, as its own default file writes them, with real values. */
const original = `[general]
socket_host = 0.0.0.0
socket_port = 8080
server_prefix = /registry-usage
debug = True

[ldap]
host = ldap.site.test
base_dn = ou=people,dc=site,dc=test
valid_gid = 00500
username_attribute = cn
gid_attribute = gidNumber

[jwt]
auth_token_expires = 3 days
secret_key = ${secret}

[registry]
gitlab_base_url = https://gitlab.site.test/
registry_base_url = https://registry.site.test:5050/
username = reader
access_token = glpat-canary
`

describe("a file of the original", () => {
  it.effect("is accepted unchanged", () =>
    Effect.gen(function* () {
      const config = yield* load(original)
      assert.deepStrictEqual(config.http, {
        host: "0.0.0.0",
        port: 8080,
        prefix: "/registry-usage",
        corsOrigins: ["*"],
        signInOrigins: undefined,
        eventsToken: undefined,
        maxConnections: 10_000,
        maxConnectionsPerAddress: 1000,
        shutdownDelay: Duration.zero,
        shutdownTimeout: Duration.seconds(10),
        tls: undefined,
        trustedProxies: ["127.0.0.0/8", "::1"],
        accessLog: false,
        limiter: { perUser: 4, perAddress: 50, window: Duration.minutes(5) },
        metricsToken: undefined,
        metrics: { maxRepositories: 1000, tags: false },
        capacity: undefined,
        capacityUnit: undefined,
        health: undefined
      })
      assert.deepStrictEqual(config.log, { format: "text", level: "Debug" })
      assert.strictEqual(config.directory.url, "ldaps://ldap.site.test")
      assert.deepStrictEqual(config.directory.group, { _tag: "PrimaryGroup", gids: [500], attribute: "gidNumber" })
      assert.strictEqual(config.directory.usernameAttribute, "cn")
      assert.strictEqual(secretOf(config), secret)
      assert.strictEqual(Duration.toMillis(config.tokens.life!), 3 * 86_400_000)
      assert.strictEqual(config.registry.url.href, "https://registry.site.test:5050/")
      assert.strictEqual(config.registry.gitlabUrl?.href, "https://gitlab.site.test/")
      assert.strictEqual(config.registry.credentials?.username, "reader")
      assert.deepStrictEqual(config.warnings, [])
    })
  )

  it.effect("gives valid options for the directory and the tokens", () =>
    Effect.gen(function* () {
      const { directory, tokens } = yield* load(original)
      assert.isTrue(Result.isSuccess(LdapDirectory.validate(directory)))
      yield* JwtTokens.make(tokens)
    })
  )

  it.effect("checks no group if gid_attribute is empty", () =>
    Effect.gen(function* () {
      const config = yield* load(ini({ ldap: { gid_attribute: "", valid_gid: undefined } }))
      assert.deepStrictEqual(config.directory.group, { _tag: "Anyone" })
    })
  )

  it.effect("uses [DEFAULT] for interpolation only", () =>
    Effect.gen(function* () {
      const config = yield* load(
        `[DEFAULT]\ndomain = site.test\nsocket_port = 1\n${ini({ ldap: { host: "ldap2.%(domain)s" } })}`
      )
      assert.strictEqual(config.directory.url, "ldaps://ldap2.site.test")
      assert.strictEqual(config.http.port, 5000)
      assert.lengthOf(config.warnings, 1)
      assert.match(config.warnings[0]!, /^\[DEFAULT\] socket_port \(.*:3\) has no effect/)
    })
  )

  it.effect("interpolates the defaults of missing keys", () =>
    Effect.gen(function* () {
      const config = yield* load(ini({ general: { server_prefix: "/on-%(socket_port)s" } }))
      assert.strictEqual(config.http.prefix, "/on-5000")
    })
  )
})

describe("places", () => {
  it.effect("a variable overrides the file, an empty one is ignored", () =>
    Effect.gen(function* () {
      const config = yield* load(ini({ general: { socket_port: "1", socket_host: "::1" } }), {
        GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: "2",
        GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_HOST: ""
      })
      assert.strictEqual(config.http.port, 2)
      assert.strictEqual(config.http.host, "::1")
    })
  )

  it.effect("variables alone are enough", () =>
    Effect.gen(function* () {
      const environment = Object.fromEntries(
        Object.entries(good).flatMap(([section, values]) =>
          Object.entries(values).map(([key, value]) => [`GITLAB_REGISTRY_USAGE_${section}_${key}`.toUpperCase(), value])
        )
      )
      const config = yield* ServerConfig.load({ file: { path: "/nonexistent/file", required: false }, environment })
      assert.strictEqual(secretOf(config), secret)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("variables of Kubernetes' Services are ignored, and a real value in the same variable counts", () =>
    Effect.gen(function* () {
      const url = "tcp://10.0.0.3:5432"
      const links = (service: string) => ({
        [`${service}_SERVICE_HOST`]: "10.0.0.3",
        [`${service}_SERVICE_PORT`]: "5432",
        [`${service}_SERVICE_PORT_HTTP_METRICS`]: "5432",
        [`${service}_PORT`]: url,
        [`${service}_PORT_5432_TCP`]: url,
        [`${service}_PORT_5432_TCP_PROTO`]: "tcp",
        [`${service}_PORT_5432_TCP_PORT`]: "5432",
        [`${service}_PORT_5432_TCP_ADDR`]: "10.0.0.3"
      })
      // The last ones have the names of keys.
      const services = [
        "",
        "_DATABASE",
        "_LDAP",
        "_JWT",
        "_REGISTRY",
        "_GENERAL_SOCKET",
        "_GENERAL_METRICS",
        "_GENERAL_HEALTH"
      ]
      const environment = Object.assign({}, ...services.map((name) => links(`GITLAB_REGISTRY_USAGE${name}`)))
      const text = ini({ general: { socket_port: "81", health_port: "82" } })
      const ignored = yield* load(text, environment)
      assert.strictEqual(ignored.http.port, 81)
      assert.strictEqual(ignored.http.health?.port, 82)
      assert.isUndefined(ignored.metricsServer)
      const set = yield* load(text, { ...environment, GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: "83" })
      assert.strictEqual(set.http.port, 83)
      for (const [name, value] of [
        ["GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT", "tcp"],
        ["GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PROT", "tcp://10.0.0.3:1"],
        ["GITLAB_REGISTRY_USAGE_DATABASE_PORT", "5432"]
      ] as const) {
        assert.include(yield* refusal(text, { [name]: value }), "GITLAB_REGISTRY_USAGE")
      }
    })
  )

  it.effect("the file of defaults counts after everything else, and its problems are reported", () =>
    Effect.gen(function* () {
      const defaults = yield* written("[general]\nsocket_host = 0.0.0.0\nsocket_port = 81\nlog_format = json\n")
      const environment = {
        GITLAB_REGISTRY_USAGE_DEFAULTS_FILE: defaults,
        GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: "83"
      }
      const { http, log } = yield* load(ini({ general: { log_format: "text" } }), environment)
      assert.deepStrictEqual([http.host, http.port, log.format], ["0.0.0.0", 83, "text"])
      const wrong = yield* written("[general]\nsocket_hots = x\n")
      assert.include(
        yield* refusal(ini(), { GITLAB_REGISTRY_USAGE_DEFAULTS_FILE: wrong }),
        "[general] socket_hots (FILE:2): there is no such key"
      )
      assert.include(
        yield* refusal(ini(), { GITLAB_REGISTRY_USAGE_DEFAULTS_FILE: "/none/file" }),
        "there is no such file"
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("variables without the prefix of a section are ignored", () =>
    load(ini(), { GITLAB_REGISTRY_USAGE_PORT: "tcp://10.0.0.1:80", GITLAB_REGISTRY_USAGE_TOKEN: "x" })
  )

  it.effect("F94 a secret is read from its file without byte order mark and end of line", () =>
    Effect.gen(function* () {
      for (const content of [secret, `${secret}\n`, `${secret}\r\n`, `\uFEFF${secret}\n`]) {
        const path = yield* written(content)
        const ofVariable = yield* load(ini(), { GITLAB_REGISTRY_USAGE_JWT_SECRET_KEY_FILE: path })
        assert.strictEqual(secretOf(ofVariable), secret)
        const ofFile = yield* load(ini({ jwt: { secret_key: undefined, secret_key_file: path } }))
        assert.strictEqual(secretOf(ofFile), secret)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("F94 an unreadable file is reported by its key, without its path, which may be a secret", () =>
    Effect.gen(function* () {
      const message = yield* refusal(ini({ jwt: { secret_key: undefined, secret_key_file: "/nonexistent/canary" } }), {
        GITLAB_REGISTRY_USAGE_REGISTRY_ACCESS_TOKEN_FILE: "canary-token-not-a-path"
      })
      assert.deepStrictEqual(message.split("\n"), [
        "the configuration has 2 problems:",
        "  [jwt] secret_key_file (FILE:6): the file cannot be read: there is no such file",
        "  [registry] access_token_file (GITLAB_REGISTRY_USAGE_REGISTRY_ACCESS_TOKEN_FILE): the file cannot be read: there is no such file"
      ])
    })
  )

  it.effect("F94 a folder, bytes that are not text, and several lines are no secrets", () =>
    Effect.gen(function* () {
      const binary = yield* written(new Uint8Array([0xff, 0xfe, 0x00]))
      const lines = yield* written(`${secret}\ncanary\n`)
      for (const [path, expected] of [
        ["/", "[jwt] secret_key_file (VAR): the file cannot be read: it is not a file"],
        [binary, "[jwt] secret_key_file (VAR): the file cannot be read: it is not text in UTF-8"],
        [lines, "[jwt] secret_key (VAR): is not valid; accepted: at least 32 bytes"]
      ] as const) {
        const message = yield* refusal(ini(), { GITLAB_REGISTRY_USAGE_JWT_SECRET_KEY_FILE: path })
        assert.include(message.replace("GITLAB_REGISTRY_USAGE_JWT_SECRET_KEY_FILE", "VAR"), expected)
        assert.notInclude(message, "canary")
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("a secret and its file in one place contradict each other", () =>
    Effect.gen(function* () {
      assert.include(
        yield* refusal(ini({ jwt: { secret_key_file: "/x" } })),
        "[jwt] secret_key_file (FILE:7): secret_key is set as well; keep one of the two"
      )
    })
  )
})

describe("problems", () => {
  it.effect("F92 are all reported at once, each with its key, its place and what is accepted", () =>
    Effect.gen(function* () {
      const text = `[general]
socket_prot = 1
socket_port = canary
server_prefix = a?b
debug = maybe
[ldap]
host = http://canary
base_dn = canary
valid_gid = canary
no delimiter, canary
[jwt]
auth_token_expires = 2 fortnights
secret_key = canary
[registri]
[registry]
gitlab_base_url = http://canary.test/
registry_base_url = https://root:canary@registry.test/
access_token = 100%canary
accounting = some
refresh_jitter = 2
username = a
username = b
`
      const message = yield* refusal(text, {
        GITLAB_REGISTRY_USAGE_LDAP_HOTS: "canary",
        GITLAB_REGISTRY_USAGE_LDAP_LOGIN_TIMEOUT: "canary"
      })
      assert.notInclude(message, "canary")
      const lines = message.split("\n")
      assert.strictEqual(lines[0], "the configuration has 19 problems:")
      const told = [
        "  (FILE:10): neither a [section], `key = value` nor a comment",
        "  (FILE:22): username stands twice in its section, first on line 21",
        "  [general] socket_prot (FILE:2): there is no such key; did you mean socket_port?",
        "  [registri] (FILE:14): there is no such section; did you mean registry?",
        "  [registry] access_token (FILE:18): has a % that stands alone; a percent sign is written %%",
        "  GITLAB_REGISTRY_USAGE_LDAP_HOTS: there is no such environment variable; did you mean GITLAB_REGISTRY_USAGE_LDAP_HOST?",
        "  [general] socket_port (FILE:3): is not valid; accepted: a whole number from 0 to 65535",
        "  [general] server_prefix (FILE:4): is not valid; accepted: a URL path",
        "  [general] debug (FILE:5): is not valid; accepted: yes or no",
        "  [ldap] host (FILE:7): is not valid; accepted: a host name",
        "  [ldap] base_dn (FILE:8): is not valid; accepted: a distinguished name",
        "  [ldap] valid_gid (FILE:9): is not valid; accepted: a group id, a whole number",
        "  [ldap] login_timeout (GITLAB_REGISTRY_USAGE_LDAP_LOGIN_TIMEOUT): is not valid; accepted: a duration such as",
        "  [jwt] auth_token_expires (FILE:12): is not valid; accepted: a duration such as",
        "  [registry] registry_base_url (FILE:17): is not valid; accepted: an http or https URL without user name",
        "  [registry] accounting (FILE:19): is not valid; accepted: one of all, layers",
        "  [registry] refresh_jitter (FILE:20): is not valid; accepted: a share from 0 to 1",
        "  [registry] gitlab_base_url (FILE:16): must be https",
        "  [jwt] secret_key (FILE:13): the shared secret has fewer than 32 bytes"
      ]
      for (const [index, line] of told.entries()) assert.include(lines[index + 1], line)
    })
  )

  it.effect("F92 a missing key is reported with its environment variable", () =>
    Effect.gen(function* () {
      const message = yield* refusal("")
      for (const [section, values] of Object.entries(good)) {
        for (const key of Object.keys(values)) {
          const variable = `GITLAB_REGISTRY_USAGE_${section}_${key}`.toUpperCase()
          assert.match(message, new RegExp(`\\[${section}\\] ${key}: is not set.*${variable};`))
        }
      }
    })
  )

  it.effect("a key in the wrong section is reported with its section", () =>
    Effect.gen(function* () {
      assert.include(
        yield* refusal(ini({ general: { base_dn: "x" } })),
        "[general] base_dn (FILE:12): there is no such key; did you mean base_dn in [ldap]?"
      )
    })
  )

  it.effect("F36 a group id that is not a whole number prevents the start", () =>
    Effect.gen(function* () {
      for (const gid of ["staff", "5.5", "-1", "0x10", "4294967296", "500 501", "cn=staff,dc=site"]) {
        const message = yield* refusal(ini({ ldap: { valid_gid: gid } }))
        assert.match(message, /^ {2}\[ldap\] valid_gid \(FILE:4\): is not valid; accepted: a group id/m)
      }
      const { directory } = yield* load(ini({ ldap: { valid_gid: "500, 501" } }))
      assert.deepStrictEqual(directory.group, { _tag: "PrimaryGroup", gids: [500, 501], attribute: "gidNumber" })
    })
  )

  const refused = {
    missing: undefined,
    empty: "",
    short: "zMkR7dWw2p0LxT9vB4nYc8uHs6jEa12",
    "all zero": "0".repeat(40),
    "the original's default": "00000000000000000000000000000000",
    repeated: "aB3$xY9!aB3$xY9!aB3$xY9!aB3$xY9!",
    "a word of samples": "change-me-zMkR7dWw2p0LxT9vB4nYc8"
  }
  for (const [what, value] of Object.entries(refused)) {
    it.effect(`F91 a secret that is ${what} prevents the start and is not printed`, () =>
      Effect.gen(function* () {
        const message = yield* refusal(ini({ jwt: { secret_key: value } }))
        assert.match(message, /^the configuration has one problem:\n {2}\[jwt\] secret_key/)
        if (value !== undefined && value !== "") assert.notInclude(message, value)
      })
    )
  }
})

describe("the registry", () => {
  it.effect("F90 the access token is sent only over https or to this machine", () =>
    Effect.gen(function* () {
      for (const url of ["http://127.0.0.1:5000/", "http://localhost/", "http://[::1]:1/"]) {
        const { warnings } = yield* load(ini({ registry: { gitlab_base_url: url, registry_base_url: url } }))
        assert.deepStrictEqual(warnings, [])
      }
      for (const url of ["http://gitlab.site.test/", "http://127.evil.test/", "http://localhost.evil.test/"]) {
        assert.include(
          yield* refusal(ini({ registry: { gitlab_base_url: url } })),
          "[registry] gitlab_base_url (FILE:8): must be https"
        )
      }
      const { warnings } = yield* load(ini({ registry: { registry_base_url: "http://registry.site.test/" } }))
      assert.match(warnings.join(), /^\[registry\] registry_base_url is not https/)
    })
  )
})
