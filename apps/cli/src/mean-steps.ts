import {
  emptyWork,
  type MemoryBreakdown,
  type ObservedSegment,
  type RunObserver,
  type StepFigures,
  type StepWork,
} from '@llmsim/contracts'
import { resolveComputeFormat } from '@llmsim/cost-models'
import type { DeployedPool, Deployment } from './deployment.js'

type Phase = StepFigures['phase']

/** The work of all steps of one kind, summed up. */
interface Sum {
  steps: number
  prefillTokens: number
  prefillAttention: number
  chunks: number
  decodes: number
  decodeContext: number
}

/** Sums up the work of a run's steps, pool by pool: those with prompt tokens, and those without. */
export class MeanSteps implements RunObserver {
  readonly #sums: readonly Readonly<Record<Phase, Sum>>[]

  constructor(private readonly deployment: Deployment) {
    this.#sums = deployment.pools.map(() => ({ prefill: emptySum(), decode: emptySum() }))
  }

  segmentExecuted(segment: ObservedSegment): void {
    const { steps, decodes, decodeContext } = segment
    const sum = this.#sums[segment.pool]![segment.kind === 'decode' ? 'decode' : 'prefill']
    sum.steps += steps
    sum.prefillTokens += segment.prefillTokens
    sum.prefillAttention += segment.prefillAttention
    sum.chunks += segment.chunks
    sum.decodes += steps * decodes
    // Contexts grow by a token in each step.
    sum.decodeContext += steps * decodeContext + decodes * ((steps * (steps - 1)) / 2)
  }

  /** The mean steps, operator by operator; none of a kind that did not occur. */
  figures(): StepFigures[] {
    return this.deployment.pools.flatMap((pool, index) =>
      (['prefill', 'decode'] as const).flatMap((phase) => {
        const sum = this.#sums[index]![phase]
        return sum.steps === 0 ? [] : [meanStep(pool, phase, sum)]
      }),
    )
  }
}

function emptySum(): Sum {
  return {
    steps: 0,
    prefillTokens: 0,
    prefillAttention: 0,
    chunks: 0,
    decodes: 0,
    decodeContext: 0,
  }
}

function meanStep(pool: DeployedPool, phase: Phase, sum: Sum): StepFigures {
  const { accelerator, layout, costModel } = pool
  const mean = (amount: number): number => amount / sum.steps
  const work: StepWork = {
    ...emptyWork(),
    prefillTokens: mean(sum.prefillTokens),
    prefillAttention: mean(sum.prefillAttention),
    decodes: mean(sum.decodes),
    decodeContext: mean(sum.decodeContext),
    logits: mean(sum.chunks + sum.decodes),
  }
  const cost = { seconds: 0, growth: 0, horizon: 1 }
  costModel.step(work, cost)
  return {
    pool: pool.role,
    phase,
    steps: sum.steps,
    prefill_tokens: work.prefillTokens,
    decodes: work.decodes,
    context_tokens: sum.decodes === 0 ? 0 : sum.decodeContext / sum.decodes,
    seconds: cost.seconds,
    device: {
      name: accelerator.name,
      peak_flop_per_sec: resolveComputeFormat(
        accelerator,
        layout.weightFormat,
        layout.activationFormat,
      ).flopPerSecond,
      memory_bytes_per_sec: accelerator.memory_bandwidth_bytes_per_s,
    },
    operators: costModel
      .breakdown(work)
      .map(({ name, seconds, flop, bytes, sentBytes, bound }) => ({
        name,
        seconds,
        flop,
        bytes,
        sent_bytes: sentBytes,
        bound,
      })),
  }
}

/** What the memory of each pool's fullest device is for. */
export function memoryBreakdown({ pools }: Deployment): MemoryBreakdown[] {
  return pools.map(({ role, memory }) => ({
    pool: role,
    device_bytes: memory.deviceBytes,
    parts: memory.parts.map(({ name, bytes }) => ({ name, bytes })),
  }))
}
