import type { Accelerator } from '@llmsim/contracts'
import type { EngineDefaults } from './engine-settings.js'
import type { MeasuredPoint } from './measured-point.js'
import { ACCEPTANCE } from './drafted-steps.js'

/** Users from which the scripts that say so let SGLang look at its queue once in 30 steps. */
const MANY_USERS = 16

const polling = (steps: number): Pick<EngineDefaults, 'schedulerOptions'> => ({
  schedulerOptions: { scheduler_recv_interval: steps },
})

/**
 * `benchmarks/single_node/{dsr1,glm5,qwen3.5}_*.sh` of InferenceX as they were in March and April 2026.
 *
 * Their `--stream-interval` holds nothing back at first: SGLang sends the first token by itself
 * (`scheduler_output_processor_mixin.py`, `len(output_ids) % stream_interval == 1`).
 */
export function sglangRecipe(
  point: MeasuredPoint,
  { generation }: Accelerator,
): Partial<EngineDefaults> {
  const { model } = point
  const blackwell = generation.startsWith('blackwell')
  const launch = eager(point)
  if (model.startsWith('qwen3.5')) return { ...launch, ...qwen(point) }
  if (model.startsWith('glm')) return { ...launch, ...(blackwell ? glm(point) : {}) }
  if (!model.startsWith('deepseek')) return {}
  const recipe = blackwell ? deepseek(point) : { maxBatchedTokens: 32_768, maxSequences: 512 }
  return { ...launch, ...recipe }
}

/**
 * Seconds in which Python launches a layer of latent or linear attention and experts, some fifty kernels. Found on
 * DeepSeek-R1, GLM-5 and Qwen3.5 on H200 and B200 alike: their short prompts take three milliseconds a layer, whatever their
 * length, and long ones what their kernels take.
 */
const EAGER_LAYER_SECONDS = 0.003

/** Steps with prompts are captured piece by piece since release 0.5.10 (`--enable-piecewise-cuda-graph` before). */
function eager({ engine_version: version, notes }: MeasuredPoint): Partial<EngineDefaults> {
  const day = /measured (\d{4}-\d{2}-\d{2})/.exec(notes)?.[1] ?? ''
  const captured =
    version.startsWith('0.5.10') || (version.startsWith('nightly') && day >= '2026-04')
  return captured ? {} : { expertsLaunchSeconds: EAGER_LAYER_SECONDS }
}

function deepseek(point: MeasuredPoint): Partial<EngineDefaults> {
  const narrow = point.weight_dtype === 'fp8' && point.tp < 8
  return {
    maxBatchedTokens: point.weight_dtype === 'fp4' ? 16_384 : narrow ? 8192 : 32_768,
    maxSequences: narrow ? 32 : 256,
    ...polling(narrow ? 10 : byUsers(point)),
  }
}

function glm({ weight_dtype }: MeasuredPoint): Partial<EngineDefaults> {
  return { maxBatchedTokens: 32_768, ...(weight_dtype === 'fp4' ? polling(10) : {}) }
}

/** That for fp8 changed with release 0.5.10 (`qwen3.5_fp8_b300.sh`). */
function qwen(point: MeasuredPoint): Partial<EngineDefaults> {
  if (point.weight_dtype === 'fp8' && point.engine_version.startsWith('0.5.10'))
    return { maxBatchedTokens: 16_384, ...polling(10) }
  const usual = { maxBatchedTokens: 32_768, maxSequences: 128, ...polling(byUsers(point)) }
  return drafting(point) ? { ...usual, drafts: { tokens: 3, acceptance: ACCEPTANCE } } : usual
}

/**
 * `qwen3.5_fp8_*_mtp.sh` draft three tokens on four devices. That the rows of 0.5.9 with them did is concluded
 * from what a token takes there: two thirds of what it takes the same devices with the experts spread.
 */
function drafting({
  engine_version: version,
  weight_dtype,
  tp,
  ep,
  notes,
}: MeasuredPoint): boolean {
  const may = notes.includes('may use speculative') && weight_dtype === 'fp8'
  return may && version === '0.5.9' && tp === 4 && ep === 1
}

function byUsers({ concurrency = 1 }: MeasuredPoint): number {
  return concurrency >= MANY_USERS ? 30 : 10
}
