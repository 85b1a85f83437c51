import type { Accelerator } from '@llmsim/contracts'
import { efficiencyDefaults, type Efficiency } from './efficiency-defaults.js'
import { readNumber, unknownOption } from './option-values.js'

/** An option: the field that it sets, its unit in the field's, and what values it takes. */
interface Option {
  readonly field: keyof RooflineOptions
  readonly scale: number
  readonly kind: 'share' | 'size'
}

/** The defaults of the accelerator with the scenario's overrides. */
export interface RooflineOptions extends Efficiency {
  /** FLOP at which a kernel reaches half of its share of the peak; absent: what the ramp implies. */
  readonly halfFlop?: number
  /** Bytes at which a kernel reaches half of its share of the bandwidth; absent: as above. */
  readonly halfBytes?: number
}

const share = (field: keyof RooflineOptions): Option => ({ field, scale: 1, kind: 'share' })
const micro = (field: keyof RooflineOptions): Option => ({ field, scale: 1e-6, kind: 'size' })
const size = (field: keyof RooflineOptions): Option => ({ field, scale: 1, kind: 'size' })

/** The names that `cost_model.options` takes with the cost model `roofline`. */
const known: Readonly<Record<string, Option>> = {
  compute_efficiency: share('computeEfficiency'),
  eight_bit_efficiency: share('eightBitEfficiency'),
  four_bit_efficiency: share('fourBitEfficiency'),
  memory_efficiency: share('memoryEfficiency'),
  prefill_attention_efficiency: share('prefillAttentionEfficiency'),
  decode_attention_efficiency: share('decodeAttentionEfficiency'),
  expert_efficiency: share('expertEfficiency'),
  communication_efficiency: share('communicationEfficiency'),
  half_flop: size('halfFlop'),
  half_bytes: size('halfBytes'),
  kernel_ramp_us: micro('kernelRampSeconds'),
  layer_overhead_us: micro('layerOverheadSeconds'),
  collective_overhead_us: micro('collectiveOverheadSeconds'),
  step_overhead_us: micro('stepOverheadSeconds'),
  sequence_overhead_us: micro('sequenceOverheadSeconds'),
}

/**
 * Reads `cost_model.options` over the defaults of an accelerator.
 *
 * @throws SimulatorError `UNKNOWN_FIELD` for a name that is not an option, `INVALID_VALUE` for a
 *   share outside (0, 1] or a negative size or time.
 */
export function rooflineOptions(
  accelerator: Accelerator,
  extra: Readonly<Record<string, unknown>>,
): RooflineOptions {
  const overrides: Partial<Record<keyof RooflineOptions, number>> = {}
  for (const [name, value] of Object.entries(extra)) {
    if (value === undefined) continue
    const option = Object.hasOwn(known, name) ? known[name] : undefined
    if (option === undefined) throw unknownOption(name, Object.keys(known))
    overrides[option.field] = readNumber(name, value, option.kind) * option.scale
  }
  return { ...efficiencyDefaults(accelerator), ...overrides }
}
