import { type RequestDraft, type RequestSource, SimulatorError } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { type ArrivalProcess, arrivalTimes } from './arrival-process.js'
import { type Lengths, lengthsSampler } from './histogram-lengths.js'
import { type LengthPair } from './joint-lengths.js'
import { inputLengthFields, outputLengthFields } from './length-distribution.js'
import { type LoadShape } from './load-shape.js'

export interface SyntheticWorkload {
  /** When absent, every request arrives at 0, for a closed loop that decides by itself. */
  readonly arrivals?: ArrivalProcess | LoadShape | undefined
  readonly input: Lengths
  readonly output: Lengths
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * Requests without an end, unless a load that changes comes to one, drawn from three named streams of the seed: `arrivals`, `input-lengths`
 * and `output-lengths`. So two workloads that differ in one of the three share the other two.
 * The first request arrives one gap after 0.
 *
 * @throws SimulatorError INVALID_VALUE or CONFLICT with the path of the scenario's field.
 */
export function syntheticSource(workload: SyntheticWorkload): RequestSource {
  const { arrivals, input, output, seed } = workload
  if (!Number.isSafeInteger(seed))
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: 'random_seed',
      message: 'is not a seed',
      given: seed,
      accepted: 'an integer from 0 to 2^53 - 1',
    })
  return new SyntheticSource(
    arrivals === undefined ? () => 0 : arrivalTimes(arrivals, seed),
    separately(
      lengthsSampler(input, randomStream(seed, 'input-lengths'), inputLengthFields),
      lengthsSampler(output, randomStream(seed, 'output-lengths'), outputLengthFields),
    ),
  )
}

class SyntheticSource implements RequestSource {
  constructor(
    private readonly clock: () => number,
    private readonly lengths: (into: LengthPair) => void,
  ) {}

  next(into: RequestDraft): boolean {
    const at = this.clock()
    if (at === Infinity) return false
    into.arrivalSeconds = at
    this.lengths(into)
    into.sessionId = -1
    into.priority = 0
    return true
  }
}

function separately(input: () => number, output: () => number): (into: LengthPair) => void {
  return (into) => {
    into.promptTokens = input()
    into.outputTokens = output()
  }
}
