import { SimulatorError, type Model, type WorkloadSection } from '@llmsim/contracts'
import { checkLengths } from './check-lengths.js'
import { conflict } from './conflict.js'
import { checkClient } from './resolve-client.js'
import { resolveImages } from './resolve-images.js'

const defaultInput = 1024
const defaultOutput = 256
/** Where lengths are cut, by their mean: beyond it lies less than a millionth of a log-normal. */
const tailFactor = 8
const longest = 10_000_000

const drawn = [
  'avg_input_length',
  'input_length_std',
  'avg_output_length',
  'output_length_std',
  'length_distribution',
] as const
const shared = ['shared_prefix_length', 'num_shared_prefixes'] as const
const open = ['arrival_rate', 'arrival_process', 'cv'] as const

const ownLengths = ['input_lengths', 'output_lengths', 'joint_lengths'] as const
const ofTrace = ['window_s', 'spread_ticks_s', 'rate_scale', 'speed', 'over_long'] as const

/** Traffic with every default filled in. Throws `SimulatorError` `CONFLICT` for what does not go together. */
export function resolveWorkload(given: WorkloadSection, model: Model): WorkloadSection {
  checkClient(given)
  const images = resolveImages(given, model)
  if (given.trace !== undefined) {
    const brought = [...open, 'load', 'sessions', ...drawn, ...ownLengths, 'classes'] as const
    refuseAny(given, brought, 'a trace brings its own arrivals and lengths')
    refuseAny(given, ['tenants'], 'a trace says itself who sends its requests')
    refuseAny(given, shared, 'a trace says itself what its prompts begin with')
    return { ...given, ...images }
  }
  refuseAny(given, ofTrace, 'is for a trace')
  if (given.sessions === undefined)
    refuseAny(given, ['max_total_length'], 'is for a trace or sessions')
  checkParts(given)
  checkLengths(given)
  return {
    ...resolveArrivals(given),
    ...resolveLengths(given, model),
    ...resolveShared(given),
    ...taken(given, ['classes', 'tenants', 'sessions']),
    // A conversation grows until the model can read no more of it.
    ...(given.sessions === undefined
      ? {}
      : { max_total_length: given.max_total_length ?? model.max_context }),
    ...images,
    ...limits(given),
  }
}

/** The fields of one side's lengths. */
function drawnOf(side: 'input' | 'output'): (keyof WorkloadSection)[] {
  return [`avg_${side}_length`, `${side}_length_std`, `max_${side}_length`]
}

/** The fields that are there. */
function taken(
  given: WorkloadSection,
  fields: readonly (keyof WorkloadSection)[],
): WorkloadSection {
  return Object.fromEntries(
    fields.flatMap((field) => (given[field] === undefined ? [] : [[field, given[field]]])),
  )
}

/** What stands for the same, or says nothing beside the other. */
function checkParts(given: WorkloadSection): void {
  const { joint_lengths, sessions, classes, tenants, input_lengths, output_lengths } = given
  if (joint_lengths !== undefined)
    refuseAny(given, ['input_lengths', 'output_lengths'], 'joint_lengths draws both sides')
  if (input_lengths !== undefined) refuseAny(given, drawnOf('input'), 'input_lengths says it')
  if (output_lengths !== undefined) refuseAny(given, drawnOf('output'), 'output_lengths says it')
  if (sessions !== undefined) {
    refuseAny(given, ['classes', 'joint_lengths'], 'the calls of sessions have lengths of one kind')
    refuseAny(given, ['concurrency', 'load'], 'sessions are a closed loop of their own')
    const { arrival_process: process = 'poisson' } = given
    if (process !== 'poisson')
      throw conflict(
        'workload.arrival_process',
        'sessions start as Poisson arrivals',
        'poisson',
        process,
      )
  }
  for (const [field, list] of Object.entries({ classes, tenants })) {
    const names = (list ?? []).map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined)
      throw conflict(`workload.${field}`, 'has one name twice', 'names that differ', twice)
  }
  for (const [i, each] of (classes ?? []).entries())
    if (
      each.joint_lengths !== undefined &&
      (each.input_lengths !== undefined || each.output_lengths !== undefined)
    )
      throw conflict(
        `workload.classes[${i}].joint_lengths`,
        'draws both sides',
        'one of the two',
        'all',
      )
}

function resolveArrivals(given: WorkloadSection): WorkloadSection {
  if (given.concurrency !== undefined) {
    const none = [...open, 'load'] as const
    refuseAny(given, none, 'with a concurrency, a request follows when another one ends')
    return { concurrency: given.concurrency }
  }
  const { arrival_process = 'poisson', cv } = given
  const scatters = arrival_process === 'gamma' || arrival_process === 'weibull'
  if (!scatters && cv !== undefined)
    throw conflict(
      'workload.cv',
      `${arrival_process} arrivals have none`,
      'arrival_process: gamma',
      cv,
    )
  if (scatters && cv === undefined)
    throw conflict(
      'workload.arrival_process',
      `${arrival_process} needs workload.cv`,
      'a cv, such as 2',
      arrival_process,
    )
  const shape = { arrival_process, ...(cv === undefined ? {} : { cv }) }
  if (given.load === undefined) return { arrival_rate: given.arrival_rate ?? 1, ...shape }
  refuseAny(given, ['arrival_rate'], 'the load says it')
  return { load: given.load, ...shape }
}

function resolveLengths(given: WorkloadSection, model: Model): WorkloadSection {
  if (given.joint_lengths !== undefined) {
    refuseAny(given, drawn, 'joint_lengths draws both sides')
    refuseAny(given, ['max_input_length', 'max_output_length'], 'joint_lengths has its own limits')
    return { joint_lengths: given.joint_lengths }
  }
  const { input_lengths, output_lengths } = given
  const { length_distribution, ...means } = resolveMeans(given, model)
  const both = input_lengths !== undefined && output_lengths !== undefined
  return {
    ...(input_lengths === undefined ? sideOf(means, 'input') : { input_lengths }),
    ...(output_lengths === undefined ? sideOf(means, 'output') : { output_lengths }),
    ...(both || length_distribution === undefined ? {} : { length_distribution }),
  }
}

/** The fields of one side. */
function sideOf(means: WorkloadSection, side: 'input' | 'output'): WorkloadSection {
  return taken(means, drawnOf(side))
}

function resolveMeans(given: WorkloadSection, model: Model): WorkloadSection {
  const distribution = given.length_distribution ?? 'lognormal'
  const input = given.avg_input_length ?? defaultInput
  const output = given.avg_output_length ?? defaultOutput
  checkMean('input', input, given.max_input_length)
  checkMean('output', output, given.max_output_length)
  const { max_input_length: ownInput, max_output_length: ownOutput } = given
  const context = model.max_context
  // Where nothing is said of either, both are cut at the same multiple of their mean.
  const split = Math.floor((context * output) / (input + output))
  const maxOutput =
    ownOutput ?? cutOff(output, distribution, context - (ownInput ?? context - split))
  const maxInput = ownInput ?? cutOff(input, distribution, context - maxOutput)
  const spread = (mean: number, std: number | undefined): number | undefined =>
    std ?? (distribution === 'normal' || distribution === 'lognormal' ? mean / 2 : undefined)
  const inputStd = spread(input, given.input_length_std)
  const outputStd = spread(output, given.output_length_std)
  return {
    avg_input_length: input,
    ...(inputStd === undefined ? {} : { input_length_std: inputStd }),
    max_input_length: maxInput,
    avg_output_length: output,
    ...(outputStd === undefined ? {} : { output_length_std: outputStd }),
    max_output_length: maxOutput,
    length_distribution: distribution,
  }
}

/** A default for the longest length: the tail's end, within the context of the model. */
function cutOff(mean: number, distribution: string, room: number): number {
  if (distribution === 'fixed') return Math.ceil(mean)
  // A zipf distribution up to n has a mean of at most (n + 1) / 2.
  const least = distribution === 'zipf' ? 2 * mean : mean
  return Math.ceil(Math.min(longest, Math.max(least, Math.min(tailFactor * mean, room))))
}

function resolveShared(given: WorkloadSection): WorkloadSection {
  const { shared_prefix_length: length, num_shared_prefixes: count } = given
  if (length !== undefined) return { shared_prefix_length: length, num_shared_prefixes: count ?? 1 }
  refuseAny(given, ['num_shared_prefixes'], 'needs workload.shared_prefix_length')
  return {}
}

function limits(given: WorkloadSection): WorkloadSection {
  const { num_requests, client, output_prediction_error } = given
  return {
    ...(num_requests === undefined ? {} : { num_requests }),
    ...(output_prediction_error === undefined ? {} : { output_prediction_error }),
    ...(client === undefined ? {} : { client }),
  }
}

function checkMean(side: 'input' | 'output', mean: number, max: number | undefined): void {
  if (mean < 1 || mean > longest)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: `workload.avg_${side}_length`,
      message: 'is out of range',
      given: mean,
      accepted: 'a number of tokens from 1 to 10,000,000',
    })
  if (max !== undefined && mean > max)
    throw conflict(`workload.max_${side}_length`, 'is below the mean', `at least ${mean}`, max)
}

function refuseAny(
  given: WorkloadSection,
  fields: readonly (keyof WorkloadSection)[],
  reason: string,
): void {
  for (const field of fields)
    if (given[field] !== undefined)
      throw conflict(`workload.${field}`, reason, 'none', given[field])
}
