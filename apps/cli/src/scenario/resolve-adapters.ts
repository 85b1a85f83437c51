import type { AdaptersSection, EngineSection, WorkloadSection } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import type { ResolvedLora, ResolvedScenario } from './resolved-scenario.js'

/** vLLM's defaults of `--max-loras` and `--max-lora-rank`. */
const defaultSlots = 1
const defaultRank = 16
/** GB/s of one NVMe drive, in a round figure. */
const usualStorage = 2

/** How LoRA adapters are served. Throws `SimulatorError` `CONFLICT` for fewer in host memory than on the devices. */
export function resolveLora(
  { lora }: EngineSection,
  { adapters }: WorkloadSection,
): Pick<ResolvedScenario['engine'], 'lora'> {
  if (lora === undefined) return {}
  const slots = lora.max_loras ?? defaultSlots
  const resolved: ResolvedLora = {
    max_loras: slots,
    max_lora_rank: lora.max_lora_rank ?? Math.max(...(adapters?.ranks ?? [defaultRank])),
    max_cpu_loras: lora.max_cpu_loras ?? slots,
    storage_gbs: lora.storage_gbs ?? usualStorage,
    modules: lora.modules ?? 'all',
    pad_ranks: lora.pad_ranks ?? true,
  }
  if (resolved.max_cpu_loras < slots)
    throw conflict(
      'engine.lora.max_cpu_loras',
      `is less than the ${slots} of engine.lora.max_loras`,
      `at least ${slots}`,
      resolved.max_cpu_loras,
    )
  return { lora: resolved }
}

/** Which adapters requests have. Throws `SimulatorError` `CONFLICT` where the engine cannot serve them. */
export function resolveAdapters(
  { adapters, trace }: WorkloadSection,
  lora: ResolvedLora | undefined,
): Pick<WorkloadSection, 'adapters'> {
  if (adapters === undefined) return {}
  if (lora === undefined)
    throw conflict(
      'workload.adapters',
      'needs engine.lora, which says how many the memory holds',
      'no adapters, or engine.lora.max_loras (--max-loras)',
    )
  const { number, ranks = [lora.max_lora_rank] } = adapters
  if (number === undefined && trace === undefined)
    throw conflict(
      'workload.adapters.number',
      'is missing, and no trace says which adapters there are',
      'a number (--num-adapters)',
    )
  const tooLarge = ranks.findIndex((rank) => rank > lora.max_lora_rank)
  if (tooLarge >= 0)
    throw conflict(
      `workload.adapters.ranks[${tooLarge}]`,
      `is more than engine.lora.max_lora_rank, ${lora.max_lora_rank}`,
      `at most ${lora.max_lora_rank}`,
      ranks[tooLarge],
    )
  const drawn: AdaptersSection =
    number === undefined
      ? {}
      : {
          number,
          zipf_exponent: adapters.zipf_exponent ?? 0,
          share: adapters.share ?? 1,
        }
  if (number === undefined)
    for (const field of ['zipf_exponent', 'share'] as const)
      if (adapters[field] !== undefined)
        throw conflict(
          `workload.adapters.${field}`,
          'is of adapters that are drawn',
          'workload.adapters.number beside it',
          adapters[field],
        )
  return { adapters: { ...drawn, ranks } }
}
