import {
  causalPairs,
  emptyWork,
  seenPairs,
  seenTokens,
  type CostModel,
  type OperatorCost,
  type PoolRole,
  type StepWork,
  type WindowWork,
} from '@llmsim/contracts'
import { maxConcurrentSequences, type MemoryFootprint } from '@llmsim/cost-models'
import type { DeployedPool } from './deployment.js'

/** The batch whose steps are taken apart. */
export interface EstimatedBatch {
  readonly prefills: number
  readonly promptTokens: number
  readonly decodes: number
  /** Context of each decoding sequence, the token of the step included. */
  readonly contextTokens: number
}

/** One step of one replica, operator by operator. */
export interface StepEstimate {
  readonly phase: 'prefill' | 'decode'
  readonly sequences: number
  readonly tokens_each: number
  /** Sequences of so many tokens that the KV cache holds at once: a step of more cannot be. */
  readonly sequences_that_fit: number
  readonly seconds: number
  /** Tokens per second while such steps follow each other. */
  readonly tokens_per_sec: number
  readonly operators: readonly OperatorCost[]
}

/** Steps, memory and room of one replica of a pool. */
export interface PoolEstimate {
  readonly role: PoolRole
  readonly xpu: string
  readonly tensor_parallel_size: number
  readonly pipeline_parallel_size: number
  readonly replicas: number
  readonly steps: readonly StepEstimate[]
  /** Bytes of the fullest device. */
  readonly memory: {
    readonly device_bytes: number
    readonly parts: readonly { readonly name: string; readonly bytes: number }[]
  }
  readonly kv_cache: {
    readonly blocks: number
    readonly block_size: number
    readonly tokens: number
    readonly bytes_per_token: number
    /** Sequences of the decode batch's context that fit at once. */
    readonly sequences: number
  }
}

/** Estimates a pool: both kinds of step, or the one that its role has. */
export function estimatePool(pool: DeployedPool, batch: EstimatedBatch): PoolEstimate {
  const { role, layout, memory } = pool
  const steps: StepEstimate[] = []
  if (role !== 'decode')
    steps.push(
      stepOf(pool, 'prefill', batch.prefills, batch.promptTokens, {
        ...emptyWork(),
        prefillTokens: batch.prefills * batch.promptTokens,
        prefillAttention: batch.prefills * causalPairs(batch.promptTokens, 0),
        logits: batch.prefills,
        windows: seenThrough(pool.costModel, { ...batch, decodes: 0 }),
      }),
    )
  if (role !== 'prefill')
    steps.push(
      stepOf(pool, 'decode', batch.decodes, batch.contextTokens, {
        ...emptyWork(),
        decodes: batch.decodes,
        decodeContext: batch.decodes * batch.contextTokens,
        logits: batch.decodes,
        windows: seenThrough(pool.costModel, { ...batch, prefills: 0 }),
      }),
    )
  return {
    role,
    xpu: pool.accelerator.name,
    tensor_parallel_size: layout.tensorParallel,
    pipeline_parallel_size: layout.pipelineParallel,
    replicas: pool.replicas,
    steps,
    memory: {
      device_bytes: memory.deviceBytes,
      parts: memory.parts.map(({ name, bytes }) => ({ name, bytes })),
    },
    kv_cache: {
      blocks: memory.kvBlocks,
      block_size: memory.blockSize,
      tokens: tokensHeld(memory),
      bytes_per_token: memory.kvBytesPerToken,
      sequences: maxConcurrentSequences(memory, batch.contextTokens),
    },
  }
}

function stepOf(
  { costModel, memory }: DeployedPool,
  phase: StepEstimate['phase'],
  sequences: number,
  tokens: number,
  work: StepWork,
): StepEstimate {
  const cost = { seconds: 0, growth: 0, horizon: 1 }
  costModel.step(work, cost)
  const produced = phase === 'prefill' ? work.prefillTokens : work.decodes
  return {
    phase,
    sequences,
    tokens_each: tokens,
    sequences_that_fit: maxConcurrentSequences(memory, tokens),
    seconds: cost.seconds,
    tokens_per_sec: produced / cost.seconds,
    operators: costModel.breakdown(work),
  }
}

/** What the sequences of a step see through the windows of the model. */
function seenThrough(
  { windows }: CostModel,
  { prefills, promptTokens, decodes, contextTokens }: EstimatedBatch,
): WindowWork[] | undefined {
  return windows?.map((reach) => ({
    context: decodes * seenTokens(reach, contextTokens),
    growing: 0,
    steps: 1,
    pairs: prefills * seenPairs(reach, promptTokens, 0),
  }))
}

/** Tokens of sequences so long that all of their layers take blocks, as engines print it. */
function tokensHeld({ kvBlocks, blockSize, groups }: MemoryFootprint): number {
  const { fullGroups = 1, windowedGroups = 0 } = groups ?? {}
  return Math.floor(kvBlocks / (fullGroups + windowedGroups)) * blockSize
}
