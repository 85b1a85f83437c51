import {
  isSimulatorError,
  SimulatorError,
  type RequestDraft,
  type RequestSource,
  type WorkloadSection,
} from '@llmsim/contracts'
import { syntheticSource, withSharedPrefixes, type LengthDistribution } from '@llmsim/workloads'
import { findFile } from './scenario/catalog-entries.js'
import { withPath } from './scenario/field-origins.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** Makes the requests of a run, from the first one each time. */
export interface Traffic {
  source(): RequestSource
  /** Tokens of the longest request, prompt and output together. */
  readonly longestRequest: number
}

/**
 * The requests that a resolved scenario describes; reads its trace.
 *
 * Throws `SimulatorError` below `workload`.
 */
export async function trafficOf(
  { workload, random_seed }: ResolvedScenario,
  folders: readonly string[],
): Promise<Traffic> {
  if (workload.trace !== undefined)
    return await replay(workload.trace, workload, folders, random_seed)
  const { arrival_rate, arrival_process = 'poisson', cv } = workload
  const arrivals =
    arrival_rate === undefined
      ? undefined
      : { process: arrival_process, ratePerSecond: arrival_rate, cv }
  const input = lengths(workload, 'input')
  const output = lengths(workload, 'output')
  const { shared_prefix_length: tokens, num_shared_prefixes: count = 1 } = workload
  const source = (): RequestSource => {
    const drawn = syntheticSource({ arrivals, input, output, seed: random_seed })
    if (tokens === undefined) return drawn
    return withSharedPrefixes(drawn, { tokens, count, seed: random_seed })
  }
  // Draws nothing yet: what is wrong with the distributions shows now.
  source()
  return { source, longestRequest: (input.max ?? 0) + (output.max ?? 0) }
}

function lengths(workload: WorkloadSection, side: 'input' | 'output'): LengthDistribution {
  return {
    distribution: workload.length_distribution ?? 'lognormal',
    mean: workload[`avg_${side}_length`] ?? 1,
    std: workload[`${side}_length_std`],
    max: workload[`max_${side}_length`],
  }
}

async function replay(
  trace: string,
  { max_input_length = Infinity, max_output_length = Infinity }: WorkloadSection,
  folders: readonly string[],
  seed: number,
): Promise<Traffic> {
  const file = findFile(trace, folders)
  if (file === undefined)
    throw new SimulatorError({
      code: 'FILE',
      path: 'workload.trace',
      message: 'there is no such file',
      given: trace,
      accepted: 'an existing trace (llmsim trace inspect says what a file holds)',
    })
  const { openTrace } = await import('@llmsim/workloads/node')
  try {
    const opened = await openTrace(file, { seed })
    const source = (): RequestSource =>
      new CutLengths(opened.source(), max_input_length, max_output_length)
    // Over all rows: a request's own cuts are not looked at one by one.
    const longestRequest = Math.min(opened.longestRequest, max_input_length + max_output_length)
    return { source, longestRequest }
  } catch (error) {
    if (!isSimulatorError(error)) throw error
    throw withPath(error, `workload.trace (${error.path.replace(file, trace)})`)
  }
}

/** A source whose prompts and outputs are cut to a longest length. */
class CutLengths implements RequestSource {
  constructor(
    private readonly source: RequestSource,
    private readonly maxInput: number,
    private readonly maxOutput: number,
  ) {}

  next(into: RequestDraft): boolean {
    if (!this.source.next(into)) return false
    into.promptTokens = Math.min(into.promptTokens, this.maxInput)
    into.outputTokens = Math.min(into.outputTokens, this.maxOutput)
    return true
  }
}
