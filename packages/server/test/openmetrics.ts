/**
 * A strict reader of OpenMetrics text (OpenMetrics 1.0, "ABNF" and "Metric types"): throws at whatever a scraper would
 * object to. Returns the samples by name and labels.
 */
export const parse = (text: string): ReadonlyMap<string, number> => {
  const lines = text.split("\n")
  if (lines.pop() !== "" || lines.pop() !== "# EOF") throw new Error("does not end with # EOF")
  const samples = new Map<string, number>()
  const families = new Map<string, { type?: string; unit?: string; help?: string; samples: number }>()
  let current = ""
  for (const line of lines) {
    const meta = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    if (meta !== null) {
      const [, kind, name, value] = meta as unknown as [string, "TYPE" | "UNIT" | "HELP", string, string]
      if (name !== current && families.has(name)) throw new Error(`the family ${name} is interrupted`)
      current = name
      const family = families.get(name) ?? { samples: 0 }
      families.set(name, family)
      const key = kind.toLowerCase() as "type" | "unit" | "help"
      if (family[key] !== undefined) throw new Error(`${kind} of ${name} twice`)
      if (family.samples > 0) throw new Error(`${kind} of ${name} behind its samples`)
      if (kind === "TYPE" && !["gauge", "counter", "info"].includes(value)) throw new Error(`unknown type ${value}`)
      if (kind === "UNIT" && !name.endsWith(`_${value}`)) throw new Error(`${name} does not end with its unit ${value}`)
      family[key] = value
      continue
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/.exec(line)
    if (sample === null) throw new Error(`not a line of OpenMetrics: ${line}`)
    const [, name, labels = "", value] = sample as unknown as [string, string, string | undefined, string]
    const family = families.get(current)
    const suffix = { gauge: "", counter: "_total", info: "_info" }[family?.type ?? ""]
    if (suffix === undefined || name !== `${current}${suffix}`) throw new Error(`${name} stands under ${current}`)
    const pair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"'
    if (labels !== "" && !new RegExp(`^\\{${pair}(?:,${pair})*\\}$`).test(labels)) throw new Error(`labels ${labels}`)
    if (!/^(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.test(value)) throw new Error(`value ${value}`)
    if (family!.type === "info" && value !== "1") throw new Error(`info is ${value}`)
    const key = `${name}${labels}`
    if (samples.has(key)) throw new Error(`${key} twice`)
    samples.set(key, Number(value))
    family!.samples++
  }
  return samples
}
