import type { ResultsDocument } from '@llmsim/contracts'

/** One result of a report, by the name that the report gives it. */
export interface ReportedResult {
  readonly label: string
  readonly results: ResultsDocument
}

/** Names of results that several of a list share are numbered: `a`, `a (2)`. */
export function distinctLabels(results: readonly ReportedResult[]): ReportedResult[] {
  const taken = new Set<string>()
  return results.map((result) => {
    let label = result.label
    for (let n = 2; taken.has(label); n++) label = `${result.label} (${n})`
    taken.add(label)
    return { ...result, label }
  })
}

/** The model and what serves it, in words of the scenario: `llama3-70b on 4 x h100-80gb`. */
export function deploymentText({ scenario, pools, operators }: ResultsDocument): string {
  const nameOf = (value: unknown): string => {
    if (typeof value === 'string') return value
    const named = value as { readonly name?: unknown } | undefined
    return typeof named?.name === 'string' ? named.name : 'a device of its own'
  }
  const parts = pools.map(({ name, role, devices, replicas }) => {
    const own = role === 'mixed' ? scenario.cluster?.xpu : scenario.disaggregation?.[role]?.xpu
    const device = operators?.find(({ pool }) => pool === name)?.device.name ?? nameOf(own)
    const copies = replicas === 1 ? '' : ` (${replicas} replicas)`
    const use = role === 'mixed' ? '' : ` to ${role}`
    return `${devices} × ${device}${use}${copies}`
  })
  return `${nameOf(scenario.model)} on ${parts.join(' and ')}`
}
