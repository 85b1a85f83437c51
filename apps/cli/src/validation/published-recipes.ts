import type { Accelerator } from '@llmsim/contracts'
import { ACCEPTANCE, tokensPerStep } from './drafted-steps.js'
import type { EngineDefaults } from './engine-settings.js'
import type { MeasuredPoint } from './measured-point.js'
import { sglangRecipe } from './sglang-recipes.js'

/** What a benchmark's public scripts set where its rows do not say. */
export type PublishedRecipe = Partial<EngineDefaults>

const none: PublishedRecipe = {}

/** The recipe of a row, by the benchmark that its notes name. */
export function publishedRecipe(point: MeasuredPoint, accelerator: Accelerator): PublishedRecipe {
  const { notes } = point
  if (notes.includes('InferenceX')) return inferenceX(point, accelerator)
  if (notes.includes('gap-analysis')) return gapAnalysis(point)
  return none
}

/**
 * SemiAnalysis InferenceX (InferenceMAX before), `benchmarks/*.sh` and `benchmarks/single_node/*.sh`, and
 * `perf-changelog.yaml` for when they changed.
 */
function inferenceX(point: MeasuredPoint, accelerator: Accelerator): PublishedRecipe {
  switch (point.engine) {
    case 'vllm':
      return vllmRecipe(point, accelerator)
    case 'trtllm':
      return tensorrtRecipe(point, accelerator)
    case 'sglang':
      return sglangRecipe(point, accelerator)
    default:
      return none
  }
}

const isBlackwell = ({ generation }: Accelerator): boolean => generation.startsWith('blackwell')

function users({ concurrency = 1 }: MeasuredPoint): number {
  return concurrency
}

const prompt = ({ input_len = 1 }: MeasuredPoint): number => Math.ceil(input_len)

/** Day of the measurement, as the notes say it; undefined where they do not. */
function dayOf({ notes }: MeasuredPoint): string | undefined {
  return /measured (\d{4}-\d{2}-\d{2})/.exec(notes)?.[1]
}

/** Steps of up to 2048 tokens are captured graphs (`max-cudagraph-capture-size`). */
const CAPTURED = 2048

function vllmRecipe(point: MeasuredPoint, accelerator: Accelerator): PublishedRecipe {
  const { model } = point
  if (model.startsWith('gpt-oss')) return { maxBatchedTokens: 8192, capturedTokens: CAPTURED }
  if (model.startsWith('llama')) return { maxBatchedTokens: 8192, quantisedKv: 'fp8' }
  if (!isBlackwell(accelerator))
    return model.startsWith('minimax') ? { ...none, quantisedKv: 'fp8' } : none
  // Two prompts a step, an fp8 cache and graphs of 2048 tokens came with `perf-changelog.yaml` #1047 and
  // its like of April 2026.
  const day = dayOf(point) ?? '2026-03'
  if (day >= '2026-04' && (model.startsWith('minimax') || model.startsWith('kimi')))
    return { maxBatchedTokens: 2 * prompt(point), capturedTokens: CAPTURED }
  // Checkpoints in NVFP4 ask for an fp8 cache themselves, those in INT4 do not.
  if (point.weight_dtype === 'int4') return { quantisedKv: 'bf16' }
  return none
}

/**
 * Steps between two chunks that TensorRT-LLM's scripts for DeepSeek-R1 have it send (`stream_interval`). It
 * sends the first at once, but clients of DeepSeek-R1, and only of it, saw theirs ten steps late.
 */
const STREAM_INTERVAL = 10

/**
 * The scripts for gpt-oss on Hopper have TensorRT-LLM run Triton's experts (`moe_config.backend: TRITON` in
 * `gptoss_fp4_h200_trt.sh`), each of whose many small kernels Python launches: as vLLM's profile has it of the same kernels.
 */
const TRITON_LAUNCH_SECONDS = 0.0015

function tensorrtRecipe(point: MeasuredPoint, accelerator: Accelerator): PublishedRecipe {
  const { model, tp, dp } = point
  const shortPrompts = prompt(point) <= 1024 && (point.output_len ?? 0) <= 1024
  if (model.startsWith('gpt-oss'))
    return {
      maxBatchedTokens: 20_000,
      ...(isBlackwell(accelerator) ? {} : { expertsLaunchSeconds: TRITON_LAUNCH_SECONDS }),
    }
  if (model.startsWith('deepseek')) {
    const beside = Math.ceil((users(point) + prompt(point) + 64) / 64) * 64
    const drafts = draftsOf(point)
    const firstChunkTokens =
      STREAM_INTERVAL * (drafts.drafts === undefined ? 1 : tokensPerStep(drafts.drafts))
    // With attention data parallelism the groups wait for each other, for 60 steps at most.
    if (dp > 1)
      return {
        maxBatchedTokens: Math.max(8192, beside),
        schedulerOptions: { attention_dp_timeout_iters: 60 },
        ...drafts,
        firstChunkTokens,
      }
    // Scripts that draft make room for one prompt beside the drafts.
    if (drafts.drafts !== undefined) {
      const step = (drafts.drafts.tokens + 1) * users(point) + prompt(point) + 64
      return { maxBatchedTokens: Math.ceil(step / 64) * 64, ...drafts, firstChunkTokens }
    }
    const gathers =
      point.engine_version.startsWith('1.2.0rc6') &&
      point.weight_dtype === 'fp8' &&
      shortPrompts &&
      users(point) >= 64
    return {
      maxBatchedTokens: Math.max(8192, beside),
      ...(gathers ? { schedulerOptions: gather(40, 0.8) } : {}),
      firstChunkTokens,
    }
  }
  const gathers = model.startsWith('llama') && shortPrompts && tp < 8
  return { maxBatchedTokens: 16_384, ...(gathers ? { schedulerOptions: gather(20, 0.9) } : {}) }
}

/**
 * The scripts `dsr1_*_trt_mtp.sh` (three drafts, one with attention data parallelism) came in January 2026
 * with the image of the others (`perf-changelog.yaml` #392), and had `1.2.0rc6.post3` from February on (#632,
 * #642) where the others had `.post2`. The rows of 14 January repeat those of December at half the time.
 */
function draftsOf(point: MeasuredPoint): Pick<PublishedRecipe, 'drafts'> {
  const { engine_version: version, dp, notes } = point
  if (!notes.includes('may use speculative')) return {}
  const drafts = version.includes('rc6.post3') || dayOf(point) === '2026-01-14'
  return drafts ? { drafts: { tokens: dp > 1 ? 1 : 3, acceptance: ACCEPTANCE } } : {}
}

function gather(steps: number, ratio: number): Record<string, number> {
  return { batch_wait_timeout_iters: steps, batch_wait_max_tokens_ratio: ratio }
}

/**
 * Engines as NVIDIA's aiconfigurator generates them (`src/aiconfigurator/generator/rule_plugin`): a step
 * takes the batch and a prompt; SGLang mixes its chunks in the releases whose templates know how.
 */
function gapAnalysis(point: MeasuredPoint): PublishedRecipe {
  const step = users(point) + prompt(point)
  if (point.engine === 'sglang')
    return point.engine_version >= '0.5.3'
      ? {
          lengths: 'varied',
          maxBatchedTokens: Math.min(8192, prompt(point) + 1500),
          schedulerOptions: { enable_mixed_chunk: true },
        }
      : { lengths: 'fixed' }
  return {
    maxBatchedTokens: step,
    lengths: point.engine === 'vllm' || point.engine_version >= '1.2' ? 'varied' : 'fixed',
  }
}
