import { PostgresUrl } from "@gitlab-registry-usage/adapter-sql"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Redacted, Result } from "effect"

const parse = (text: string) => PostgresUrl.parse(Redacted.make(text))
const parsed = (text: string) => Result.getOrThrow(parse(text))
const problems = (text: string) => Result.getOrThrow(Result.flip(parse(text)))
const ofHosts = (text: string) => parsed(text).hosts.map(({ host, port }) => `${host} ${port}`)

describe("PostgresUrl", () => {
  it("has the parts of a URL, decoded", () => {
    const url = parsed(
      "postgresql://us%40er:p%2Fa@ss:#w%3Ford@db.site.test:5433/us%20age?sslmode=verify-full&application_name=a+b&options=-c%20a%3D1&connect_timeout=7"
    )
    expect(url).toMatchObject({
      hosts: [{ host: "db.site.test", port: 5433 }],
      database: "us age",
      username: "us@er",
      sslMode: "verify-full",
      applicationName: "a+b",
      options: "-c a=1",
      targetSessionAttributes: "any"
    })
    expect(Redacted.value(url.password!)).toBe("p/a@ss:#w?ord")
    expect(Duration.toSeconds(url.connectTimeout!)).toBe(7)
    expect(JSON.stringify(url)).not.toContain("ss:#w")
    expect(PostgresUrl.format(url)).toBe("postgres://us@er@db.site.test:5433/us age")
    expect(parsed("postgres://h/d").sslMode).toBe("prefer")
    expect(parsed("postgres://h/d?ssl=true").sslMode).toBe("require")
    expect(parsed("postgres://h/d?sslrootcert=system").sslMode).toBe("verify-full")
    expect(parsed("postgres://h/d?connect_timeout=0").connectTimeout).toBeUndefined()
  })

  it("has several hosts, addresses and the directories of sockets", () => {
    expect(ofHosts("postgres://u@a:1,b,[::1]:3/d")).toEqual(["a 1", "b 5432", "::1 3"])
    expect(ofHosts("postgres://u@%2Frun%2Fpostgresql:5433/d")).toEqual(["/run/postgresql 5433"])
    expect(ofHosts("postgres:///d?host=/run/postgresql")).toEqual(["/run/postgresql 5432"])
    expect(ofHosts("postgres://u@/d?host=a,b&port=1,2")).toEqual(["a 1", "b 2"])
    expect(ofHosts("postgres:///d?host=a,b&port=7")).toEqual(["a 7", "b 7"])
    expect(ofHosts("postgres://old:9/d?host=new")).toEqual(["new 5432"])
    expect(PostgresUrl.format(parsed("postgres://u:p@a,[::1]:3/d?host=a,::1"))).toBe("postgres://u@a:5432,[::1]:5432/d")
  })

  it("refuses every parameter that it would ignore, by name, with the nearest one", () => {
    expect(problems("postgres://h/d?sslmod=require&target_session_attr=any")).toEqual([
      "the parameter sslmod is not supported; did you mean sslmode?",
      "the parameter target_session_attr is not supported; did you mean target_session_attrs?"
    ])
    for (const [query, expected] of [
      ["pgbouncer=true", /^the parameter pgbouncer is not supported/],
      ["hostaddr=10.0.0.1", /hostaddr is not supported; write the address as the host/],
      ["passfile=/x", /passfile is not supported; put the password into a file/],
      ["SSLMODE=require", /SSLMODE is not supported; did you mean sslmode/],
      ["sslmode=verify_full", /sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full/],
      ["ssl=false", /ssl must be one of true/],
      ["target_session_attrs=master", /target_session_attrs must be one of any, read-write/],
      ["channel_binding=require", /channel_binding is supported with prefer, disable only/],
      ["load_balance_hosts=random", /load_balance_hosts is supported with disable only/],
      ["sslmode=require&sslrootcert=system", /sslrootcert=system needs sslmode=verify-full/],
      ["sslmode=prefer&sslrootcert=/ca.pem", /sslrootcert has no use with sslmode=prefer/],
      ["sslcert=/c.pem", /sslcert and sslkey belong together/],
      ["connect_timeout=1s", /connect_timeout must be a number of seconds/],
      ["ssl_min_protocol_version=TLSv1", /ssl_min_protocol_version must be one of TLSv1\.2, TLSv1\.3/],
      ["application_name=%zz", /application_name has a %/]
    ] as const) {
      const found = problems(`postgres://u:canary@h/d?${query}`)
      expect(found, query).toHaveLength(1)
      expect(found[0], query).toMatch(expected)
    }
    for (const query of [
      "channel_binding=prefer",
      "gssencmode=disable",
      "client_encoding=UTF8",
      "sslnegotiation=postgres"
    ]) {
      expect(Result.isSuccess(parse(`postgres://h/d?${query}`)), query).toBe(true)
    }
  })

  it("says what is wrong with a URL, and never what is in it", () => {
    for (const [text, expected] of [
      ["mysql://u:canary@h/d", /^accepted: a URL such as postgres:/],
      ["canary", /^accepted/],
      ["postgres://canary", /no name of a database/],
      ["postgres:///canary", /no host; a Unix socket is written \?host=/],
      ["postgres://u:canary@h:70000/d", /a port is not a number/],
      ["postgres://u:canary@a,,b/d", /no host/],
      ["postgres://h/d?host=a,b&port=1,2,3", /port must have one value/],
      ["postgres://u:can?ary=1@h/d", /a host or port is not valid/],
      ["postgres://u:ca/nary@h/d", /accepted/],
      ["postgres://u:canary%@h/d", /a percent sign is written %25/],
      ["postgres://h/d?Canary-1=2&ca%6eary=x", /a parameter is not supported/]
    ] as const) {
      const message = problems(text).join("; ")
      expect(message, text).toMatch(expected)
      expect(message.toLowerCase(), text).not.toMatch(/canary|ary=|nary/)
    }
  })
})
