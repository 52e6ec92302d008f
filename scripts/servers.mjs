// The Debian programs that the tests use: real servers, a client that attacks our server, and a browser.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import process from "node:process"

/** Debian installs each version of PostgreSQL in its own directory. */
const postgres = () => {
  const home = "/usr/lib/postgresql"
  const versions = existsSync(home) ? readdirSync(home) : []
  const programs = versions.map((version) => `${home}/${version}/bin/postgres`)
  return programs.find((program) => existsSync(program)) ?? `${home}/<version>/bin/postgres`
}

/** The programs, each with its Debian package. */
const needed = () => [
  [postgres(), "postgresql"],
  ["/usr/sbin/pgbouncer", "pgbouncer"],
  ["/usr/bin/docker-registry", "docker-registry"],
  ["/usr/sbin/slapd", "slapd"],
  ["/usr/bin/ldapsearch", "ldap-utils"],
  ["/usr/bin/slowhttptest", "slowhttptest"],
  ["/usr/sbin/nginx", "nginx-light"],
  ["/usr/sbin/haproxy", "haproxy"],
  ["/usr/bin/prometheus", "prometheus"],
  ["/usr/bin/chromium", "chromium"],
  // Helm's templates are rendered by a program in Go with Debian's sprig.
  ["/usr/bin/go", "golang-go"],
  ["/usr/share/gocode/src/github.com/Masterminds/sprig", "golang-github-masterminds-sprig-dev"],
  ["/usr/share/gocode/src/gopkg.in/yaml.v3", "golang-gopkg-yaml.v3-dev"]
]

const isDebian = () =>
  existsSync("/etc/os-release") && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"))

const apt = (...args) =>
  spawnSync("apt-get", args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })

/** Runs a function while a file exists. A file that existed before stays. */
const withFile = (path, content, mode, act) => {
  if (existsSync(path)) return act()
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content, { mode })
  try {
    return act()
  } finally {
    rmSync(path)
  }
}

/**
 * Installs packages without starting their services and without creating a PostgreSQL cluster, because the tests start
 * their own servers.
 */
const withoutServices = (install) =>
  withFile("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755, () =>
    withFile(
      "/etc/postgresql-common/createcluster.d/none-for-tests.conf",
      "create_main_cluster = false\n",
      0o644,
      install
    )
  )

/** Installs missing servers and `more` programs, or prints what to do and exits with 1. */
export const servers = (more = []) => {
  const all = () => [...needed(), ...more]
  const missing = () =>
    all()
      .filter(([program]) => !existsSync(program))
      .map(([program]) => program)
  const packages = all().map(([, name]) => name)
  if (process.env.WITHOUT_SERVERS === "1") {
    console.error("WITHOUT_SERVERS=1: the tests with real servers are skipped.")
    return
  }
  if (missing().length === 0) return
  if (isDebian() && process.getuid?.() === 0) {
    console.error(`Installing ${packages.join(", ")} …`)
    apt("update", "-qq")
    withoutServices(() => apt("install", "-y", "-qq", "--no-install-recommends", ...packages))
    if (missing().length === 0) return
  }
  console.error(`The tests use real servers, and these are missing: ${missing().join(", ")}.
Install them (as root on Debian or Ubuntu: apt-get install -y ${packages.join(" ")}),
or leave their tests out with WITHOUT_SERVERS=1 npm test.`)
  process.exit(1)
}
