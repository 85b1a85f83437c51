import type { Accelerator } from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import type { Axis } from '@llmsim/planner'
import { assign, isPlainObject, type PlainObject } from '../scenario/assignments.js'
import type { Registries } from '../registries.js'
import { findAccelerator } from '../scenario/catalog-entries.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import { shortName } from './sweep-plan.js'

/** Something that may be other than it is, and how it would be at both ends. */
export interface WhatifInput {
  /** Dotted path of a field, or `cluster.xpu` with a field of the accelerator behind it. */
  readonly field: string
  readonly label: string
  /** What it is; absent where the scenario does not say. */
  readonly base?: unknown
  readonly low: unknown
  readonly high: unknown
  readonly scenarios: readonly [low: PlainObject, high: PlainObject]
}

/** Numbers of a scenario that decide its figures, apart from its sizes. */
const fields = [
  'workload.arrival_rate',
  'workload.concurrency',
  'workload.avg_input_length',
  'workload.avg_output_length',
  'scheduler.max_batch_size',
  'scheduler.max_num_batched_tokens',
  'engine.gpu_memory_utilization',
  'disaggregation.transfer_bandwidth_gbs',
  'disaggregation.kv_compression_ratio',
] as const

/** Fields of which only whole numbers make sense. */
const whole: ReadonlySet<string> = new Set([
  'workload.concurrency',
  'scheduler.max_batch_size',
  'scheduler.max_num_batched_tokens',
])

/** What can be improved of an accelerator: its names, and how. */
const deviceInputs: readonly {
  readonly label: string
  readonly field: string
  readonly scaled: (entry: Accelerator, factor: number) => Accelerator
}[] = [
  {
    label: 'memory bandwidth',
    field: 'memory_bandwidth_bytes_per_s',
    scaled: (entry, factor) => ({
      ...entry,
      memory_bandwidth_bytes_per_s: entry.memory_bandwidth_bytes_per_s * factor,
    }),
  },
  {
    label: 'peak compute',
    field: 'peak_flop_per_s',
    scaled: (entry, factor) => ({
      ...entry,
      peak_flop_per_s: Object.fromEntries(
        Object.entries(entry.peak_flop_per_s).map(([format, peak]) => [
          format,
          (peak ?? 0) * factor,
        ]),
      ),
    }),
  },
  {
    label: 'memory',
    field: 'memory_bytes',
    scaled: (entry, factor) => ({
      ...entry,
      memory_bytes: Math.round(entry.memory_bytes * factor),
    }),
  },
  {
    label: 'scale-up bandwidth',
    field: 'scale_up.bandwidth_bytes_per_s',
    scaled: (entry, factor) => ({
      ...entry,
      scale_up: {
        ...entry.scale_up,
        bandwidth_bytes_per_s: entry.scale_up.bandwidth_bytes_per_s * factor,
      },
    }),
  },
  {
    label: 'price',
    field: 'price.rental_usd_per_hour',
    scaled: (entry, factor) =>
      entry.price.rental_usd_per_hour === undefined
        ? entry
        : {
            ...entry,
            price: {
              ...entry.price,
              rental_usd_per_hour: entry.price.rental_usd_per_hour * factor,
            },
          },
  },
]

/**
 * Every number of a scenario and of its accelerators, less and more by a share.
 *
 * @param base the scenario as it is written.
 * @param resolved the same with its defaults.
 */
export function usualInputs(
  base: PlainObject,
  resolved: ResolvedScenario,
  registries: Registries,
  share: number,
): WhatifInput[] {
  return [
    ...fields.flatMap((field) => fieldInput(base, resolved, field, share)),
    ...deviceInputs.flatMap((input) => deviceInput(base, resolved, registries, input, share)),
  ]
}

/** Inputs that `--vary` names, with two values each. Throws `SimulatorError` at the flag. */
export function givenInputs(
  base: PlainObject,
  resolved: ResolvedScenario,
  axes: readonly Axis[],
): WhatifInput[] {
  return axes.map((axis): WhatifInput => {
    const [low, high, ...more] = axis.range ?? axis.values ?? []
    if (high === undefined || more.length > 0)
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: '--vary',
        message: `needs two values for ${axis.field}: the low end and the high one`,
        given: axis.values,
        accepted: `${axis.field}=low..high or ${axis.field}=low,high`,
      })
    const now = valueOf(resolved as unknown as PlainObject, axis.field)
    return {
      field: axis.field,
      label: shortName(axis.field),
      ...(now === undefined ? {} : { base: now }),
      low,
      high,
      scenarios: [withField(base, axis.field, low), withField(base, axis.field, high)],
    }
  })
}

function fieldInput(
  base: PlainObject,
  resolved: ResolvedScenario,
  field: string,
  share: number,
): WhatifInput[] {
  const now = valueOf(resolved as unknown as PlainObject, field)
  if (typeof now !== 'number') return []
  const [least, most] = limits[field] ?? [0, Infinity]
  const ends = [1 - share, 1 + share].map((factor) => {
    const value = Math.min(most, Math.max(least, now * factor))
    return whole.has(field) ? Math.max(1, Math.round(value)) : Number(value.toPrecision(6))
  })
  const [low = now, high = now] = ends
  if (low === high) return []
  return [
    {
      field,
      label: shortName(field),
      base: now,
      low,
      high,
      scenarios: [withField(base, field, low), withField(base, field, high)],
    },
  ]
}

const limits: Readonly<Record<string, readonly [number, number]>> = {
  'engine.gpu_memory_utilization': [0.05, 1],
  'disaggregation.kv_compression_ratio': [1, 1000],
}

function deviceInput(
  base: PlainObject,
  resolved: ResolvedScenario,
  registries: Registries,
  { label, field, scaled }: (typeof deviceInputs)[number],
  share: number,
): WhatifInput[] {
  const places =
    resolved.disaggregation === undefined
      ? [['cluster.xpu', '', resolved.cluster?.xpu] as const]
      : [
          ['disaggregation.prefill.xpu', 'prefill ', resolved.disaggregation.prefill.xpu] as const,
          ['disaggregation.decode.xpu', 'decode ', resolved.disaggregation.decode.xpu] as const,
        ]
  return places.flatMap(([path, role, xpu]): WhatifInput[] => {
    if (xpu === undefined) return []
    const { entry } = findAccelerator(xpu, path, registries, [])
    const low = scaled(entry, 1 - share)
    const high = scaled(entry, 1 + share)
    if (low === entry) return []
    return [
      {
        field: `${path}.${field}`,
        label: `${role}${label}`,
        low: -share,
        high: share,
        scenarios: [withField(base, path, low), withField(base, path, high)],
      },
    ]
  })
}

function withField(base: PlainObject, field: string, value: unknown): PlainObject {
  const scenario = structuredClone(base)
  assign(scenario, { field, value, source: '--vary' })
  return scenario
}

function valueOf(scenario: PlainObject, field: string): unknown {
  let at: unknown = scenario
  for (const key of field.split('.')) at = isPlainObject(at) ? at[key] : undefined
  return at
}
