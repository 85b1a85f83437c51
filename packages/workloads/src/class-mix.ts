import { type RequestDraft, type RequestSource } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { type ArrivalProcess, arrivalTimes } from './arrival-process.js'
import { type Lengths, lengthsSampler, weightedPick } from './histogram-lengths.js'
import { type JointLengths, jointSampler, type LengthPair } from './joint-lengths.js'
import { type LoadShape } from './load-shape.js'

/** One kind of request among others. */
export type RequestClass = {
  /** Names the class's random streams: its lengths do not change when other classes do. */
  readonly name: string
  /** Its share of the requests, by the sum of all weights. */
  readonly weight: number
  /** 0 when absent; higher is more urgent. */
  readonly priority?: number | undefined
  /** Number of who sends them all; whoever draws tenants decides when absent. */
  readonly tenantId?: number | undefined
} & (
  | { readonly input: Lengths; readonly output: Lengths; readonly lengths?: undefined }
  | { readonly lengths: JointLengths }
)

export interface ClassMix {
  /** When absent, every request arrives at 0, for a closed loop that decides by itself. */
  readonly arrivals?: ArrivalProcess | LoadShape | undefined
  readonly classes: readonly RequestClass[]
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * Requests of several classes in one stream of arrivals, each of a class drawn by weight.
 *
 * @throws SimulatorError INVALID_VALUE for a parameter out of range.
 */
export function classMixSource({ arrivals, classes, seed }: ClassMix): RequestSource {
  const clock = arrivals === undefined ? () => 0 : arrivalTimes(arrivals, seed)
  const pick = weightedPick(
    classes.map(({ weight }) => weight),
    randomStream(seed, 'classes'),
    'classes',
  )
  const samplers = classes.map((each) => classSampler(each, seed))
  return {
    next(into: RequestDraft): boolean {
      const at = clock()
      if (at === Infinity) return false
      const index = pick()
      into.arrivalSeconds = at
      samplers[index]!(into)
      into.sessionId = -1
      const { priority = 0, tenantId } = classes[index]!
      into.priority = priority
      into.classId = index
      if (tenantId !== undefined) into.tenantId = tenantId
      return true
    },
  }
}

function classSampler(each: RequestClass, seed: number): (into: LengthPair) => void {
  if (each.lengths !== undefined)
    return jointSampler(each.lengths, randomStream(seed, `lengths:${each.name}`))
  const input = lengthsSampler(each.input, randomStream(seed, `input-lengths:${each.name}`))
  const output = lengthsSampler(each.output, randomStream(seed, `output-lengths:${each.name}`))
  return (into) => {
    into.promptTokens = input()
    into.outputTokens = output()
  }
}
