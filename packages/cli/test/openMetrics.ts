/** A strict reader of OpenMetrics 1.0 text, after the ABNF of the specification, for gauges and infos without exemplars. */
export interface Family {
  readonly type: string
  readonly unit: string | undefined
  readonly samples: ReadonlyMap<string, number>
}

const name = "[a-zA-Z_:][a-zA-Z0-9_:]*"
const metadata = new RegExp(`^# (TYPE|UNIT|HELP) (${name}) (.+)$`)
const sample = new RegExp(`^(${name})(?:\\{(.*)\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`)
const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/

const labels = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let rest = text; rest !== "";) {
    const match = label.exec(rest)
    if (match === null) throw new Error(`labels: ${rest}`)
    if (found.includes(match[1]!)) throw new Error(`label ${match[1]} twice`)
    found.push(match[1]!)
    rest = rest.slice(match[0].length)
  }
  return found
}

export const parse = (text: string): ReadonlyMap<string, Family> => {
  if (!text.endsWith("\n# EOF\n")) throw new Error("does not end with # EOF and a line feed")
  const families = new Map<string, { type: string; unit: string | undefined; samples: Map<string, number> }>()
  const seen = new Set<string>()
  let current: string | undefined
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const meta = metadata.exec(line)
    if (meta !== null) {
      const [, kind, family = "", value = ""] = meta
      if (family !== current) {
        // The families must not interleave.
        if (families.has(family)) throw new Error(`${family} comes back`)
        families.set(family, { type: "unknown", unit: undefined, samples: new Map() })
        current = family
      }
      if (seen.has(`${kind} ${family}`)) throw new Error(`${kind} of ${family} twice`)
      seen.add(`${kind} ${family}`)
      const found = families.get(family)!
      if (found.samples.size > 0) throw new Error(`${kind} of ${family} after its samples`)
      if (kind === "TYPE") found.type = value
      if (kind === "UNIT") found.unit = value
      if (kind === "UNIT" && !family.endsWith(`_${value}`)) throw new Error(`${family} does not end with its unit`)
      continue
    }
    const match = sample.exec(line)
    if (match === null) throw new Error(`no line of OpenMetrics: ${line}`)
    const [, sampleName = "", pairs = "", value = ""] = match
    const family = families.get(current ?? "")
    const suffix = family?.type === "info" ? "_info" : family?.type === "counter" ? "_total" : ""
    if (family === undefined || sampleName !== `${current}${suffix}`) throw new Error(`${sampleName} in ${current}`)
    labels(pairs)
    if (family.samples.has(pairs)) throw new Error(`${sampleName}{${pairs}} twice`)
    family.samples.set(pairs, Number(value))
  }
  return families
}
