import { SimulatorError, type SchedulerSection } from '@llmsim/contracts'
import { checkPolicyOptions } from './check-policy-options.js'
import { named, type Registries } from '../registries.js'
import type { ResolvedScheduler } from './resolved-scenario.js'

type Pair = Required<Pick<ResolvedScheduler, 'batching_type' | 'batching_strategy'>>

/** The schedulers that a batching type and a strategy name together. */
const pairs: ReadonlyMap<string, Pair> = new Map<string, Pair>([
  ['greedy', { batching_type: 'continuous', batching_strategy: 'greedy' }],
  ['windowed', { batching_type: 'continuous', batching_strategy: 'windowed' }],
  ['static', { batching_type: 'static', batching_strategy: 'greedy' }],
  ['static-windowed', { batching_type: 'static', batching_strategy: 'windowed' }],
])

/** A scheduler section with every default filled in. Throws `SimulatorError` below `path`. */
export function resolveScheduler(
  given: SchedulerSection,
  registries: Registries,
  path = 'scheduler',
): ResolvedScheduler {
  const name = schedulerName(given, path)
  named(registries.schedulers, 'scheduler', name, `${path}.name`)
  checkPolicyOptions('scheduler', name, given.options ?? {}, path, registries.schedulers)
  const { max_batch_size = 256 } = given
  const { min_batch_size = Math.min(8, max_batch_size) } = given
  if (min_batch_size > max_batch_size)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: `${path}.min_batch_size`,
      message: `is above ${path}.max_batch_size`,
      given: min_batch_size,
      accepted: `at most ${max_batch_size}`,
    })
  return {
    name,
    ...pairs.get(name),
    max_batch_size,
    min_batch_size,
    batching_window_ms: given.batching_window_ms ?? 50,
    max_num_batched_tokens: given.max_num_batched_tokens ?? 8192,
    phase_order: given.phase_order ?? 'prefill-first',
    watermark: given.watermark ?? 0.01,
    options: given.options ?? {},
  }
}

/** A pool's scheduler: its own fields over the common ones; a name and a pair replace each other. */
export function overrideScheduler(
  common: SchedulerSection,
  own: SchedulerSection | undefined,
): SchedulerSection {
  if (own === undefined) return common
  const { name, batching_type, batching_strategy, ...rest } = common
  if (own.name !== undefined) return { ...rest, ...own }
  if (own.batching_type === undefined && own.batching_strategy === undefined)
    return { ...common, ...own }
  const pair = name === undefined ? { batching_type, batching_strategy } : pairs.get(name)
  return {
    ...rest,
    ...Object.fromEntries(Object.entries(pair ?? {}).filter(([, value]) => value !== undefined)),
    ...own,
  }
}

function schedulerName(given: SchedulerSection, path: string): string {
  const { name, batching_type, batching_strategy } = given
  if (name === undefined) {
    const type = batching_type ?? 'continuous'
    const strategy = batching_strategy ?? 'greedy'
    for (const [candidate, pair] of pairs)
      if (pair.batching_type === type && pair.batching_strategy === strategy) return candidate
  } else {
    const pair = pairs.get(name)
    for (const field of ['batching_type', 'batching_strategy'] as const) {
      const value = given[field]
      if (value === undefined || value === pair?.[field]) continue
      throw new SimulatorError({
        code: 'CONFLICT',
        path: `${path}.${field}`,
        message: `the scheduler ${name} ${pair === undefined ? 'has none' : `is ${pair[field]}`}`,
        given: value,
        accepted: `either ${path}.name, or a batching type and strategy`,
      })
    }
    return name
  }
  return 'greedy'
}
