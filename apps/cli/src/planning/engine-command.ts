import type { DeployedPool, Deployment } from '../deployment.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import { quoted } from './scenario-command.js'

/** How to start one pool of a deployment with one engine. */
export interface EngineStart {
  readonly engine: 'vllm' | 'sglang' | 'tensorrt-llm'
  /** What the line starts: `each of 2 replicas`. */
  readonly of: string
  readonly command: string
}

/**
 * The command lines that start a deployment with each engine: one for each pool, to be run once for
 * each replica, with a router before them.
 *
 * The flags are those of the engines' documentation: `vllm serve` (docs.vllm.ai, Engine Arguments and
 * NixlConnector Usage Guide), `sglang.launch_server` (docs.sglang.io, Server Arguments and PD
 * Disaggregation), `trtllm-serve` (nvidia.github.io/TensorRT-LLM, trtllm-serve and Disaggregated Serving).
 */
export function engineStarts(deployment: Deployment, scenario: ResolvedScenario): EngineStart[] {
  return deployment.pools.flatMap((pool) => {
    const role = pool.role === 'mixed' ? '' : ` (${pool.role})`
    const of =
      pool.replicas === 1 ? `the replica${role}` : `each of ${pool.replicas} replicas${role}`
    const start = { deployment, scenario, pool, model: modelPath(deployment) }
    return [
      { engine: 'vllm' as const, of, command: vllm(start) },
      { engine: 'sglang' as const, of, command: sglang(start) },
      { engine: 'tensorrt-llm' as const, of, command: tensorRtLlm(start) },
    ]
  })
}

interface Start {
  readonly deployment: Deployment
  readonly scenario: ResolvedScenario
  readonly pool: DeployedPool
  readonly model: string
}

function vllm({ deployment, scenario, pool, model }: Start): string {
  const {
    tensorParallel,
    pipelineParallel,
    expertParallel = 1,
    attentionDataParallel = 1,
  } = pool.layout
  const { engine } = scenario
  return words('vllm serve', model, [
    ['--tensor-parallel-size', tensorParallel],
    ['--pipeline-parallel-size', pipelineParallel, 1],
    ['--data-parallel-size', attentionDataParallel, 1],
    ['--enable-expert-parallel', expertParallel > 1],
    ['--max-num-seqs', pool.scheduler.max_batch_size],
    ['--max-num-batched-tokens', pool.scheduler.max_num_batched_tokens],
    ['--gpu-memory-utilization', engine.gpu_memory_utilization],
    ['--block-size', engine.block_size],
    ['--disable-hybrid-kv-cache-manager', engine.disable_hybrid_kv_cache_manager ?? false],
    ['--quantization', engine.dtype === 'fp8' && deployment.model.dtype !== 'fp8' ? 'fp8' : false],
    ['--kv-cache-dtype', engine.kv_cache_dtype === 'fp8' ? 'fp8' : false],
    ['--enable-lora', engine.lora !== undefined],
    ['--max-loras', engine.lora?.max_loras ?? false],
    ['--max-lora-rank', engine.lora?.max_lora_rank ?? false],
    ['--max-cpu-loras', engine.lora?.max_cpu_loras ?? false],
    [
      '--kv-transfer-config',
      pool.role === 'mixed' ? false : '{"kv_connector":"NixlConnector","kv_role":"kv_both"}',
    ],
  ])
}

function sglang({ deployment, scenario, pool, model }: Start): string {
  const {
    tensorParallel,
    pipelineParallel,
    expertParallel = 1,
    attentionDataParallel = 1,
  } = pool.layout
  const { engine } = scenario
  const ranks = attentionDataParallel
  return words('python3 -m sglang.launch_server', undefined, [
    ['--model-path', model],
    // Ranks of attention lie inside the tensor parallel group there.
    ['--tp-size', tensorParallel * ranks],
    ['--pp-size', pipelineParallel, 1],
    ['--dp-size', ranks, 1],
    ['--enable-dp-attention', ranks > 1],
    ['--ep-size', expertParallel, 1],
    ['--max-running-requests', pool.scheduler.max_batch_size],
    ['--chunked-prefill-size', pool.scheduler.max_num_batched_tokens],
    ['--mem-fraction-static', engine.gpu_memory_utilization],
    ['--page-size', engine.block_size],
    ['--disable-hybrid-swa-memory', engine.disable_hybrid_kv_cache_manager ?? false],
    ['--quantization', engine.dtype === 'fp8' && deployment.model.dtype !== 'fp8' ? 'fp8' : false],
    ['--kv-cache-dtype', engine.kv_cache_dtype === 'fp8' ? 'fp8_e4m3' : false],
    ['--enable-lora', engine.lora !== undefined],
    ['--max-loras-per-batch', engine.lora?.max_loras ?? false],
    ['--max-lora-rank', engine.lora?.max_lora_rank ?? false],
    ['--disaggregation-mode', pool.role === 'mixed' ? false : pool.role],
  ])
}

function tensorRtLlm({ pool, model, scenario }: Start): string {
  const { tensorParallel, pipelineParallel, expertParallel = 1 } = pool.layout
  return words('trtllm-serve', model, [
    ['--tp_size', tensorParallel],
    ['--pp_size', pipelineParallel, 1],
    ['--ep_size', expertParallel, 1],
    ['--max_batch_size', pool.scheduler.max_batch_size],
    ['--max_num_tokens', pool.scheduler.max_num_batched_tokens],
    // Of what the weights leave free; the other engines count from the whole memory.
    ['--kv_cache_free_gpu_memory_fraction', scenario.engine.gpu_memory_utilization],
  ])
}

type Flag = readonly [name: string, value: string | number | boolean, usual?: number]

function words(program: string, model: string | undefined, flags: readonly Flag[]): string {
  const parts = [program, ...(model === undefined ? [] : [quoted(model)])]
  for (const [name, value, usual] of flags) {
    if (value === false || value === usual) continue
    parts.push(value === true ? name : `${name} ${quoted(String(value))}`)
  }
  return parts.join(' ')
}

/** Where the weights are, as far as the catalog knows: the repository that the entry was read from. */
function modelPath({ model }: Deployment): string {
  for (const { url } of model.sources) {
    const found = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)/.exec(url)?.[1]
    if (found !== undefined) return found
  }
  return model.name
}
