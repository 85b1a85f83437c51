import type { AdapterSpec, AdaptersSection, RequestSource } from '@llmsim/contracts'
import { adapterSource } from '@llmsim/workloads'
import { conflict } from './scenario/conflict.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import type { Traffic } from './traffic-maker.js'

/**
 * The same traffic with LoRA adapters: those that its trace names, or drawn ones.
 *
 * Throws `SimulatorError` `CONFLICT` for a number of adapters where a trace names them, or for none where it does not.
 */
export function withAdapters(
  traffic: Traffic,
  { workload, engine, random_seed: seed }: ResolvedScenario,
): Traffic {
  const { adapters } = workload
  if (traffic.adapters !== undefined) {
    if (adapters?.number !== undefined)
      throw conflict(
        'workload.adapters.number',
        'is not used: the trace says itself which adapters its requests have',
        'workload.adapters without a number',
        adapters.number,
      )
    if (engine.lora !== undefined) return traffic
    const { adapters: _ignored, ...plain } = traffic
    const note = 'LoRA adapters of the trace count for nothing without engine.lora'
    return {
      ...plain,
      source: (tenants) => traffic.source(tenants),
      notes: [...(traffic.notes ?? []), note],
    }
  }
  if (adapters === undefined) return traffic
  const { number, zipf_exponent: exponent, share } = adapters
  if (number === undefined)
    throw conflict(
      'workload.adapters.number',
      'is missing, and the trace says no adapters',
      'a number (--num-adapters)',
    )
  return {
    ...traffic,
    adapters: Array.from({ length: number }, (_, i) => adapterSpec(`adapter-${i}`, i, adapters)),
    source: (tenants, known): RequestSource =>
      adapterSource(traffic.source(tenants, known), { number, exponent, share, seed }),
  }
}

/** The adapter with a number, of the ranks in turn. */
export function adapterSpec(
  name: string,
  number: number,
  { ranks = [] }: AdaptersSection,
): AdapterSpec {
  return { name, rank: ranks[number % ranks.length] ?? 1 }
}
