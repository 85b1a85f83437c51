import { describe, expect, it } from 'vitest'
import { Scenario } from './scenario.js'

/** A scenario with one field set, by dotted path. */
function withField(path: string, value: unknown): unknown {
  const scenario: Record<string, unknown> = { model: 'llama2-70b' }
  const names = path.split('.')
  let section = scenario
  for (const name of names.slice(0, -1)) {
    const inner: Record<string, unknown> = {}
    section[name] = inner
    section = inner
  }
  section[names.at(-1)!] = value
  return scenario
}

describe('Scenario', () => {
  it('needs a model alone, and gives back what it was given', () => {
    expect(Scenario.parse({ model: 'llama2-70b' })).toEqual({ model: 'llama2-70b' })
    expect(Scenario.safeParse({}).success).toBe(false)
  })

  it.each([
    ['model', { name: 'own' }],
    ['cluster.xpu', { name: 'own' }],
    ['cluster.interconnect.intra_node_latency_us', 0],
    ['workload.arrival_rate', 5],
    ['workload.arrival_rate', 1e-9],
    ['workload.input_length_std', 0],
    ['workload.length_distribution', 'zipf'],
    ['workload.arrival_process', 'gamma'],
    ['workload.cv', 100],
    ['workload.num_requests', 1e12],
    ['workload.concurrency', 1],
    ['parallelism.tensor_parallel_size', 8],
    ['scheduler.batching_type', 'static'],
    ['scheduler.batching_window_ms', 0],
    ['scheduler.watermark', 0.5],
    ['scheduler.options', { any: ['thing'] }],
    ['engine.dtype', 'fp8'],
    ['engine.gpu_memory_utilization', 1],
    ['disaggregation.prefill.scheduler.max_batch_size', 4],
    ['disaggregation.kv_compression_ratio', 1],
    ['slo.ttft_ms', 0.1],
    ['warm_up_duration_s', 0],
    ['random_seed', Number.MAX_SAFE_INTEGER],
    ['step_by_step', false],
  ])('takes %s = %j', (path, value) => {
    const result = Scenario.safeParse(withField(path, value))
    expect(result.error?.issues).toBeUndefined()
  })

  it.each([
    ['model', ''],
    ['model', 3],
    ['workload.arrival_rate', 0],
    ['workload.arrival_rate', -1],
    ['workload.arrival_rate', NaN],
    ['workload.arrival_rate', Infinity],
    ['workload.arrival_rate', '5'],
    ['workload.arrival_rate', null],
    ['workload.avg_input_length', 0],
    ['workload.max_input_length', 1.5],
    ['workload.max_output_length', 10_000_001],
    ['workload.input_length_std', -1],
    ['workload.length_distribution', 'Zipf'],
    ['workload.cv', 101],
    ['workload.num_requests', 0],
    ['workload.concurrency', 2.5],
    ['workload.trace', ''],
    ['cluster.n_xpus_per_node', 0],
    ['cluster.n_nodes', 1e9],
    ['cluster.interconnect.intra_node_bandwidth_gbs', 0],
    ['parallelism.pipeline_parallel_size', -2],
    ['scheduler.batching_type', 'dynamic'],
    ['scheduler.watermark', 0.6],
    ['scheduler.max_batch_size', 0],
    ['scheduler.options', []],
    ['engine.dtype', 'fp7'],
    ['engine.gpu_memory_utilization', 1.01],
    ['engine.block_size', 0],
    ['disaggregation.enabled', 'yes'],
    ['disaggregation.kv_compression_ratio', 0.5],
    ['disaggregation.transfer_bandwidth_gbs', 0],
    ['simulation_duration_s', 0],
    ['simulation_duration_s', 2e10],
    ['warm_up_duration_s', -1],
    ['random_seed', -1],
    ['random_seed', 2 ** 53],
    ['random_seed', 0.5],
    ['exact_quantiles', 1],
  ])('refuses %s = %s, and names the field', (path, value) => {
    const result = Scenario.safeParse(withField(path, value))
    const named = result.error?.issues.map((issue) => issue.path.join('.'))
    expect([...new Set(named)]).toEqual([path])
  })

  it.each(['colour', 'workload.rate', 'cluster.interconnect.bandwidth', 'disaggregation.link.gbs'])(
    'refuses a field that it does not have: %s',
    (path) => {
      const result = Scenario.safeParse(withField(path, 1))
      expect(result.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys' })
    },
  )
})
