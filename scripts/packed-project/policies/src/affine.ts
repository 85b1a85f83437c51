import type { CostModel, CostModelFactory, CostModelOptions, OperatorCost } from '@llmsim/contracts'
import { bytesPerElement, MICROSECOND, parameterCounts } from '@llmsim/contracts'
import { readNumbers } from './options.js'

/** Seconds per unit of each quantity of a step; all of them add up. */
interface Coefficients {
  readonly step: number
  readonly prefillToken: number
  readonly pair: number
  readonly decode: number
  readonly contextToken: number
}

/** What the datasheet gives if weights, FLOP and KV cache cost one after the other. */
function coefficients(options: CostModelOptions): Coefficients {
  const { model, accelerator, tensorParallel, pipelineParallel } = options
  const { overhead_us: overhead } = readNumbers(
    'cost_model',
    options.extra,
    { overhead_us: 200 },
    0,
  )
  const devices = tensorParallel * pipelineParallel
  const bytesPerSecond = devices * accelerator.memory_bandwidth_bytes_per_s
  const peaks = Object.values(accelerator.peak_flop_per_s).filter((peak) => peak !== undefined)
  const flopPerSecond = devices * Math.max(...peaks)
  const { total, active } = parameterCounts(model)
  const { attention, layers } = model
  const [width, cached] =
    attention.kind === 'gqa'
      ? [attention.heads * attention.head_dim, 2 * attention.kv_heads * attention.head_dim]
      : [attention.heads * attention.v_head_dim, attention.kv_lora_rank]
  const perToken = (2 * active) / flopPerSecond
  return {
    step: overhead * MICROSECOND + (total * bytesPerElement[options.weightFormat]) / bytesPerSecond,
    prefillToken: perToken,
    pair: (4 * layers * width) / flopPerSecond,
    decode: perToken,
    contextToken: (layers * cached * bytesPerElement[options.kvCacheFormat]) / bytesPerSecond,
  }
}

function affineCost({ step, prefillToken, pair, decode, contextToken }: Coefficients): CostModel {
  return {
    name: 'affine',
    step(work, into) {
      into.seconds =
        step +
        work.prefillTokens * prefillToken +
        work.prefillAttention * pair +
        work.decodes * decode +
        work.decodeContext * contextToken
      into.growth = work.prefillTokens > 0 ? 0 : work.decodes * contextToken
      into.horizon = work.prefillTokens > 0 ? 1 : Infinity
    },
    breakdown(work) {
      const operator = (name: string, seconds: number, bound: OperatorCost['bound']) => ({
        ...{ name, seconds, bound },
        ...{ flop: 0, bytes: 0, sentBytes: 0 },
      })
      return [
        operator('weights', step, 'memory'),
        operator('prompt', work.prefillTokens * prefillToken, 'compute'),
        operator('pairs', work.prefillAttention * pair, 'compute'),
        operator('tokens', work.decodes * decode, 'compute'),
        operator('context', work.decodeContext * contextToken, 'memory'),
      ]
    },
  }
}

/** A cost that is a sum of terms, each proportional to one quantity of the step. */
export const affine: CostModelFactory = {
  name: 'affine',
  description: 'Weights, FLOP and KV cache one after the other, at the peaks of the datasheet.',
  create: (options) => affineCost(coefficients(options)),
}
