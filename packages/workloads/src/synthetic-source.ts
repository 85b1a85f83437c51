import { type RequestDraft, type RequestSource, SimulatorError } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { type ArrivalProcess, arrivalSampler } from './arrival-process.js'
import {
  inputLengthFields,
  type LengthDistribution,
  lengthSampler,
  outputLengthFields,
} from './length-distribution.js'

export interface SyntheticWorkload {
  /** When absent, every request arrives at 0, for a closed loop that decides by itself. */
  readonly arrivals?: ArrivalProcess | undefined
  readonly input: LengthDistribution
  readonly output: LengthDistribution
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * Requests without an end, drawn from three named streams of the seed: `arrivals`, `input-lengths`
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
  const gap =
    arrivals === undefined ? () => 0 : arrivalSampler(arrivals, randomStream(seed, 'arrivals'))
  return new SyntheticSource(
    gap,
    lengthSampler(input, randomStream(seed, 'input-lengths'), inputLengthFields),
    lengthSampler(output, randomStream(seed, 'output-lengths'), outputLengthFields),
  )
}

class SyntheticSource implements RequestSource {
  private clock = 0
  /** What rounding has taken from the clock so far (Kahan's summation). */
  private lost = 0

  constructor(
    private readonly gap: () => number,
    private readonly input: () => number,
    private readonly output: () => number,
  ) {}

  next(into: RequestDraft): boolean {
    const step = this.gap() - this.lost
    // Where the gap is below the rounding error, the sum alone could step back.
    const clock = Math.max(this.clock + step, this.clock)
    this.lost = clock - this.clock - step
    this.clock = clock
    into.arrivalSeconds = clock
    into.promptTokens = this.input()
    into.outputTokens = this.output()
    into.sessionId = -1
    into.priority = 0
    return true
  }
}
