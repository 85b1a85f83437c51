import { nearNames, SimulatorError, type Accelerator } from '@llmsim/contracts'
import type { EngineDefaults } from './engine-settings.js'
import type { MeasuredPoint } from './measured-point.js'
import { publishedRecipe } from './published-recipes.js'

/**
 * The release of vLLM whose KV cache manager lets windowed layers keep their window only. SGLang's pool of its own
 * for such layers has a fixed share of the others' (`swa_full_tokens_ratio` 0.8), and TensorRT-LLM keeps all unless
 * it is given `max_attention_window`.
 */
const HYBRID_KV = 0.1

/** Bytes from which vLLM takes a device for a large one. */
const LARGE_DEVICE = 70 * 2 ** 30

/**
 * vLLM's v1 engine (`vllm/engine/arg_utils.py`): an API server gives large devices, the A100 apart,
 * 8192 tokens and 1024 sequences a step, others 2048 and 256.
 */
function vllmV1(accelerator: Accelerator): EngineDefaults {
  const large =
    accelerator.memory_bytes >= LARGE_DEVICE && !accelerator.name.toLowerCase().startsWith('a100')
  return {
    profile: 'vllm',
    scheduler: 'vllm-v1',
    maxSequences: large ? 1024 : 256,
    maxBatchedTokens: large ? 8192 : 2048,
    kvMemory: { of: 'device', share: 0.9 },
    wholePrompts: false,
    quantisedKv: 'bf16',
  }
}

/** vLLM before its v1 engine, and what is built like it: whole prompts before any decoding. */
const vllmV0: EngineDefaults = {
  profile: 'vllm-v0',
  scheduler: 'vllm-v0',
  maxSequences: 256,
  maxBatchedTokens: 4096,
  kvMemory: { of: 'device', share: 0.9 },
  wholePrompts: false,
  quantisedKv: 'bf16',
}

/** SGLang: chunked prefill of 8192 tokens, in steps of their own (`enable_mixed_chunk` is off). */
const sglang: EngineDefaults = {
  ...vllmV0,
  profile: 'sglang',
  scheduler: 'sglang',
  maxSequences: 2048,
  maxBatchedTokens: 8192,
  kvMemory: { of: 'device', share: 0.88 },
}

/**
 * TensorRT-LLM: in-flight batching, `max_batch_size` 2048, `max_num_tokens` 8192, guaranteed no evict,
 * 90 % of the free memory; its quantised checkpoints carry an fp8 KV cache.
 */
const tensorrtLlm: EngineDefaults = {
  profile: 'tensorrt-llm',
  scheduler: 'tensorrt-llm',
  maxSequences: 2048,
  maxBatchedTokens: 8192,
  kvMemory: { of: 'free', share: 0.9 },
  wholePrompts: true,
  quantisedKv: 'fp8',
}

/**
 * Recipes that benchmarks publish for Blackwell (SemiAnalysis InferenceX, `benchmarks/single_node`) give
 * vLLM and SGLang an fp8 KV cache with quantised weights; those for older devices leave it at 16 bits.
 */
function withRecipeKv(defaults: EngineDefaults, { generation }: Accelerator): EngineDefaults {
  return generation.startsWith('blackwell') ? { ...defaults, quantisedKv: 'fp8' } : defaults
}

/** Engines that run a given batch and add little of their own. */
const bare: EngineDefaults = { ...vllmV0, profile: 'bare', maxBatchedTokens: 8192 }

const engines: Readonly<
  Record<string, (point: MeasuredPoint, accelerator: Accelerator) => EngineDefaults>
> = {
  vllm: (point, accelerator) =>
    hasV1(point)
      ? {
          ...withRecipeKv(vllmV1(accelerator), accelerator),
          windowedKv: (versionOf(point) ?? Infinity) >= HYBRID_KV,
        }
      : { ...vllmV0, profile: earlyVllm(point, accelerator) },
  sglang: (_point, accelerator) => withRecipeKv(sglang, accelerator),
  trtllm: tensorrt,
  'triton-trtllm': tensorrt,
  'nim-trtllm': (point) => ({
    ...tensorrt(point),
    profile: versionOf(point) === undefined ? 'nim-2024' : 'tensorrt-llm-v0',
  }),
  'deepspeed-mii': () => vllmV0,
  deepspeed: () => bare,
  jetstream: () => bare,
}

/** Engines whose limits and overheads are known, as measurements name them. */
export const measuredEngines: readonly string[] = Object.keys(engines)

/** What stands for blanks in a measurement of that engine. Throws `SimulatorError` `UNKNOWN_NAME`. */
export function engineDefaults(point: MeasuredPoint, accelerator: Accelerator): EngineDefaults {
  const found = engines[point.engine.toLowerCase()]
  if (found !== undefined) {
    const defaults = { ...found(point, accelerator), ...publishedRecipe(point, accelerator) }
    const option = schedulesAhead(point) ? aheadOptions[defaults.scheduler] : undefined
    if (option === undefined) return defaults
    return { ...defaults, schedulerOptions: { ...defaults.schedulerOptions, [option]: true } }
  }
  throw new SimulatorError({
    code: 'UNKNOWN_NAME',
    path: 'engine',
    message: 'its limits and overheads are not known',
    given: point.engine,
    accepted: measuredEngines.join(', '),
    nearest: nearNames(point.engine, measuredEngines),
  })
}

/** Options by which schedulers plan a step while the one before runs. */
const aheadOptions: Readonly<Record<string, string>> = {
  'vllm-v1': 'async_scheduling',
  sglang: 'overlap_schedule',
  'tensorrt-llm': 'overlap_scheduler',
}

/**
 * Whether an engine does so unless told otherwise: vLLM from 0.14 on, SGLang from 0.4 on, the PyTorch engine of
 * TensorRT-LLM from its beginning.
 */
function schedulesAhead(point: MeasuredPoint): boolean {
  const version = versionOf(point) ?? Infinity
  if (point.engine === 'vllm') return version >= 0.14
  return point.engine === 'sglang' ? version >= 0.04 : !isCompiled(point)
}

/** Static batches run prompts and decoding apart; releases up to 0.17 were given 95 % of the free memory. */
function tensorrt(point: MeasuredPoint): EngineDefaults {
  const early = (versionOf(point) ?? Infinity) < 0.18
  return {
    ...tensorrtLlm,
    profile: isCompiled(point) ? 'tensorrt-llm-v0' : 'tensorrt-llm',
    scheduler: point.scenario === 'static' ? 'vllm-v0' : 'tensorrt-llm',
    kvMemory: { of: 'free', share: early ? 0.95 : 0.9 },
  }
}

/**
 * Releases of 2023 ran eager kernels with Python between the layers. In 2024 the libraries of ROCm had
 * been tuned for the MI250, not yet for the MI300X.
 */
function earlyVllm(point: MeasuredPoint, { name }: Accelerator): string {
  if ((versionOf(point) ?? Infinity) < 0.03) return 'vllm-2023'
  return name.startsWith('mi3') ? 'vllm-v0-rocm' : 'vllm-v0'
}

/** Engines compiled ahead, as up to 1.0; a static batch of an unknown version is an old benchmark. */
function isCompiled(point: MeasuredPoint): boolean {
  const version = versionOf(point)
  return version === undefined ? point.scenario === 'static' : version < 1
}

/** The v1 engine came with 0.8; a static batch of an unknown version is an old benchmark. */
function hasV1(point: MeasuredPoint): boolean {
  const version = versionOf(point)
  return version === undefined ? point.scenario !== 'static' : version >= 0.08
}

/** `0.19.0` as 0.19, `0.8.5` as 0.08, `~0.1-0.2` as 0.01; undefined where there is none. */
function versionOf({ engine_version: version }: MeasuredPoint): number | undefined {
  const parts = /(\d+)\.(\d+)/.exec(version)
  if (parts === null) return undefined
  return Number(parts[1]) + Number(parts[2]) / 100
}
