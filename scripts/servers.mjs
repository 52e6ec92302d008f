// The real servers that the tests talk to, the client that attacks ours, and the browser that shows its page: programs
// of Debian.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import process from "node:process"

/** PostgreSQL is in a directory for each of its versions. */
const postgres = () => {
  const home = "/usr/lib/postgresql"
  const versions = existsSync(home) ? readdirSync(home) : []
  const programs = versions.map((version) => `${home}/${version}/bin/postgres`)
  return programs.find((program) => existsSync(program)) ?? `${home}/<version>/bin/postgres`
}

/** The programs, each with the package that has it. */
const needed = () => [
  [postgres(), "postgresql"],
  ["/usr/bin/docker-registry", "docker-registry"],
  ["/usr/sbin/slapd", "slapd"],
  ["/usr/bin/ldapsearch", "ldap-utils"],
  ["/usr/bin/slowhttptest", "slowhttptest"],
  ["/usr/sbin/nginx", "nginx-light"],
  ["/usr/bin/prometheus", "prometheus"],
  ["/usr/bin/chromium", "chromium"]
]

const isDebian = () =>
  existsSync("/etc/os-release") && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"))

const apt = (...args) =>
  spawnSync("apt-get", args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })

/** Does it with a file that is there meanwhile, unless it was there before. */
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
 * The tests start servers of their own: what is installed starts none, as Prometheus and others would, and PostgreSQL
 * makes no cluster of databases.
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

/** Makes sure that the servers and `more` programs are there, or says what to do and ends with 1. */
export const servers = (more = []) => {
  const all = () => [...needed(), ...more]
  const missing = () =>
    all()
      .filter(([program]) => !existsSync(program))
      .map(([program]) => program)
  const packages = all().map(([, name]) => name)
  if (process.env.WITHOUT_SERVERS === "1") {
    console.error("WITHOUT_SERVERS=1: the tests that talk to real servers are skipped.")
    return
  }
  if (missing().length === 0) return
  if (isDebian() && process.getuid?.() === 0) {
    console.error(`Installing ${packages.join(", ")} …`)
    apt("update", "-qq")
    withoutServices(() => apt("install", "-y", "-qq", "--no-install-recommends", ...packages))
    if (missing().length === 0) return
  }
  console.error(`The tests talk to real servers, and these are missing: ${missing().join(", ")}.
Install them (as root on Debian or Ubuntu: apt-get install -y ${packages.join(" ")}),
or leave their tests out with WITHOUT_SERVERS=1 npm test.`)
  process.exit(1)
}
