// The real servers that the tests talk to, the client that attacks ours, and the browser that shows its page: programs
// of Debian.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
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
  ["/usr/bin/chromium", "chromium"]
]

const isDebian = () =>
  existsSync("/etc/os-release") && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"))

const apt = (...args) =>
  spawnSync("apt-get", args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })

/** Installing PostgreSQL would make a cluster of databases and start it: the tests start servers of their own. */
const withoutCluster = (install) => {
  const directory = "/etc/postgresql-common/createcluster.d"
  const file = `${directory}/none-for-tests.conf`
  mkdirSync(directory, { recursive: true })
  writeFileSync(file, "create_main_cluster = false\n")
  try {
    return install()
  } finally {
    rmSync(file)
  }
}

/** Makes sure that the servers and `more` programs are there, or says what to do and ends with 1. */
export const servers = (more = []) => {
  const all = () => [...needed(), ...more]
  const missing = () =>
    all()
      .filter(([program]) => !existsSync(program))
      .map(([program]) => program)
  const packages = all().map(([, name]) => name)
  if (process.env.WITHOUT_SERVERS === "1") {
    console.error("WITHOUT_SERVERS=1: the tests that need docker-registry, slapd and postgres are skipped.")
    return
  }
  if (missing().length === 0) return
  if (isDebian() && process.getuid?.() === 0) {
    console.error(`Installing ${packages.join(", ")} …`)
    apt("update", "-qq")
    withoutCluster(() => apt("install", "-y", "-qq", "--no-install-recommends", ...packages))
    if (missing().length === 0) return
  }
  console.error(`The tests talk to real servers, and these are missing: ${missing().join(", ")}.
Install them (as root on Debian or Ubuntu: apt-get install -y ${packages.join(" ")}),
or leave their tests out with WITHOUT_SERVERS=1 npm test.`)
  process.exit(1)
}
