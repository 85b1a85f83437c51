import {
  isSimulatorError,
  type LengthsSection,
  type RequestClassSection,
  type RequestClassSpec,
  type RequestSource,
  type WorkloadSection,
} from '@llmsim/contracts'
import {
  classMixSource,
  syntheticSource,
  tenantSource,
  withSharedPrefixes,
  type Lengths,
  type RequestClass,
  type TraceOptions,
} from '@llmsim/workloads'
import path from 'node:path'
import { adapterSpec, withAdapters } from './adapter-traffic.js'
import { objectivesOf } from './objectives.js'
import { count } from './output/figures.js'
import { findFile } from './scenario/catalog-entries.js'
import { withPath } from './scenario/field-origins.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import { missingTrace } from './scenario/trace-place.js'
import { sessionTraffic } from './session-traffic.js'
import type { Traffic } from './traffic-maker.js'
import { arrivalsOf, jointOf, lengthsOf, longestJoint, longestLength } from './traffic-sections.js'

export type { Traffic } from './traffic-maker.js'

/**
 * The requests that a resolved scenario describes; reads its trace.
 *
 * Throws `SimulatorError` below `workload`.
 */
export async function trafficOf(
  scenario: ResolvedScenario,
  folders: readonly string[],
): Promise<Traffic> {
  const { workload, random_seed } = scenario
  if (workload.trace !== undefined)
    return withAdapters(await replay(workload.trace, workload, folders, random_seed), scenario)
  const traffic = withTenants(drawnTraffic(workload, random_seed), workload, random_seed)
  const { shared_prefix_length: tokens, num_shared_prefixes: prefixes = 1 } = workload
  const source = (tenants?: string[]): RequestSource => {
    const drawn = traffic.source(tenants)
    if (tokens === undefined) return drawn
    return withSharedPrefixes(drawn, { tokens, count: prefixes, seed: random_seed })
  }
  try {
    // Draws nothing yet: what is wrong with the distributions shows now.
    source()
  } catch (error) {
    if (!isSimulatorError(error) || error.path.startsWith('workload')) throw error
    throw withPath(error, `workload.${error.path}`)
  }
  return withAdapters({ ...traffic, source }, scenario)
}

function drawnTraffic(workload: WorkloadSection, seed: number): Traffic {
  const { classes, sessions, joint_lengths: joint } = workload
  const arrivals = arrivalsOf(workload)
  const input = sideOf(workload, 'input')
  const output = sideOf(workload, 'output')
  const longest = longestLength(input) + longestLength(output)
  if (sessions !== undefined) return sessionTraffic(workload, sessions, { input, output }, seed)
  if (classes !== undefined) {
    const names = tenantNames(workload)
    const mix = classes.map((each): RequestClass => {
      const tenant = each.tenant === undefined ? -1 : names.indexOf(each.tenant)
      return {
        name: each.name,
        weight: each.weight ?? 1,
        priority: each.priority,
        ...(tenant < 0 ? {} : { tenantId: tenant }),
        ...classLengths(each, workload, { input, output }),
      }
    })
    return {
      source: () => classMixSource({ arrivals, classes: mix, seed }),
      longestRequest: Math.max(...classes.map((each) => longestOf(each, workload, longest))),
      classes: classes.map(classSpec),
    }
  }
  if (joint !== undefined) {
    const all = [{ name: 'all', weight: 1, lengths: jointOf(joint) }]
    return {
      source: () => classMixSource({ arrivals, classes: all, seed }),
      longestRequest: longestJoint(joint),
    }
  }
  return {
    source: () =>
      syntheticSource({ arrivals, input: lengthsOf(input), output: lengthsOf(output), seed }),
    longestRequest: longest,
  }
}

/** The lengths of one side, from a section of its own or from the fields. */
function sideOf(workload: WorkloadSection, side: 'input' | 'output'): LengthsSection {
  const own = workload[`${side}_lengths`]
  if (own !== undefined) return own
  const std = workload[`${side}_length_std`]
  const max = workload[`max_${side}_length`]
  return {
    distribution: workload.length_distribution ?? 'lognormal',
    mean: workload[`avg_${side}_length`] ?? 1,
    ...(std === undefined ? {} : { std }),
    ...(max === undefined ? {} : { max }),
  }
}

function classLengths(
  each: RequestClassSection,
  { joint_lengths }: WorkloadSection,
  common: { readonly input: LengthsSection; readonly output: LengthsSection },
): { readonly lengths: ReturnType<typeof jointOf> } | { input: Lengths; output: Lengths } {
  const own = each.input_lengths !== undefined || each.output_lengths !== undefined
  const joint = each.joint_lengths ?? (own ? undefined : joint_lengths)
  if (joint !== undefined) return { lengths: jointOf(joint) }
  return {
    input: lengthsOf(each.input_lengths ?? common.input),
    output: lengthsOf(each.output_lengths ?? common.output),
  }
}

function longestOf(
  { input_lengths: input, output_lengths: output, joint_lengths: own }: RequestClassSection,
  { joint_lengths }: WorkloadSection,
  common: number,
): number {
  const joint = own ?? ((input ?? output) ? undefined : joint_lengths)
  if (joint !== undefined) return longestJoint(joint)
  if (input === undefined || output === undefined) return common
  return longestLength(input) + longestLength(output)
}

function classSpec({ name, slo, priority }: RequestClassSection): RequestClassSpec {
  return {
    name,
    ...(slo === undefined ? {} : { objectives: objectivesOf(slo) }),
    ...(priority === undefined ? {} : { priority }),
  }
}

/** All tenants that a scenario names, each once. */
function tenantNames({ tenants = [], classes = [] }: WorkloadSection): string[] {
  const names = [
    ...tenants.map(({ name }) => name),
    ...classes.flatMap(({ tenant = [] }) => tenant),
  ]
  return [...new Set(names)]
}

function withTenants(traffic: Traffic, workload: WorkloadSection, seed: number): Traffic {
  const names = tenantNames(workload)
  if (names.length === 0) return traffic
  const { tenants } = workload
  if (tenants === undefined) return { ...traffic, tenants: names }
  const weights = tenants.map(({ weight = 1 }) => weight)
  return {
    ...traffic,
    tenants: names,
    source: (known) => tenantSource(traffic.source(known), weights, seed),
  }
}

/** How a trace is changed before it is replayed. */
function traceOptions(workload: WorkloadSection, seed: number): TraceOptions {
  return {
    windowSeconds: workload.window_s,
    spreadTickSeconds: workload.spread_ticks_s,
    rateScale: workload.rate_scale,
    speed: workload.speed,
    maxPromptTokens: workload.max_input_length,
    maxOutputTokens: workload.max_output_length,
    maxTotalTokens: workload.max_total_length,
    overLong: workload.over_long,
    seed,
  }
}

/** The fields of a scenario that options of a trace stand for. */
const fieldOf: Readonly<Record<string, string>> = {
  windowSeconds: 'window_s',
  spreadTickSeconds: 'spread_ticks_s',
  rateScale: 'rate_scale',
  speed: 'speed',
  maxPromptTokens: 'max_input_length',
  maxOutputTokens: 'max_output_length',
  maxTotalTokens: 'max_total_length',
}

async function replay(
  trace: string,
  workload: WorkloadSection,
  folders: readonly string[],
  seed: number,
): Promise<Traffic> {
  const file = findFile(trace, folders)
  if (file === undefined)
    throw missingTrace(
      trace,
      folders.map((folder) => path.resolve(folder, trace)),
    )
  const { openTrace } = await import('@llmsim/workloads/node')
  try {
    const opened = await openTrace(file, traceOptions(workload, seed))
    const { outside, cut, dropped } = opened.counts
    // The tenants of a trace are met as it is read.
    const tenants: string[] = []
    return {
      source: (known, adapters) =>
        opened.source(
          known,
          adapters &&
            ((name) =>
              adapters.push(adapterSpec(name, adapters.length, workload.adapters ?? {})) - 1),
        ),
      ...(opened.hasAdapters ? { adapters: [] } : {}),
      longestRequest: opened.longestRequest,
      ...(opened.hasTenants ? { tenants } : {}),
      notes: [
        ...note(cut, 'cut, since they were too long'),
        ...note(dropped, 'left out, since they were too long'),
        ...note(outside, 'left out, since they lie outside workload.window_s'),
      ],
    }
  } catch (error) {
    if (!isSimulatorError(error)) throw error
    const field = fieldOf[error.path]
    throw withPath(
      error,
      field === undefined
        ? `workload.trace (${error.path.replace(file, trace)})`
        : `workload.${field}`,
    )
  }
}

function note(requests: number, what: string): string[] {
  return requests === 0 ? [] : [`${count(requests)} requests of the trace were ${what}`]
}
