import type { Latency, PoolFigures, ResultsDocument, TimeSeries } from '@llmsim/contracts'

/** A latency whose quantiles are multiples of a median, in seconds. */
export function exampleLatency(median: number): Latency {
  return {
    mean: median * 1.1,
    std: median / 2,
    min: median / 4,
    p50: median,
    p90: median * 2,
    p95: median * 2.5,
    p99: median * 4,
    max: median * 5,
  }
}

function examplePool(name: string, role: PoolFigures['role'], replicas: number): PoolFigures {
  return {
    name,
    role,
    replicas,
    devices: replicas * 4,
    utilization: 0.75,
    prefill_utilization: 0.25,
    decode_utilization: 0.5,
    memory: { peak_memory_gb: 60, p95_memory_gb: 55, p50_memory_gb: 50 },
    kv_cache: { total_blocks: 1000, peak_used_blocks: 400, mean_utilization: 0.2 },
    preemptions: 3,
    steps: 5000,
    energy_joules: 1e6,
    split: {
      compute: 0.2,
      memory: 0.4,
      communication: 0.1,
      overhead: 0.05,
      bubble: 0,
      idle: 0.25,
    },
    mfu: 0.3,
    mbu: 0.5,
    per_replica: Array.from({ length: replicas }, (_, index) => ({
      requests: 100 + index,
      utilization: 0.75,
      peak_used_blocks: 400,
      preemptions: 1,
    })),
  }
}

function exampleSeries(pool: string): TimeSeries {
  const intervals = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
  const column = (of: (i: number) => number): number[] => intervals.map(of)
  const latency = {
    mean: column((i) => 0.1 + i / 100),
    p50: [null, ...column((i) => 0.1 + i / 100).slice(1)],
    p99: column((i) => 0.3 + i / 50),
  }
  return {
    interval_s: 10,
    end_s: 100,
    arrivals_per_sec: column((i) => 3 + (i % 3)),
    completions_per_sec: column((i) => 3 + ((i + 1) % 3)),
    rejections_per_sec: column(() => 0),
    input_tokens_per_sec: column(() => 2000),
    output_tokens_per_sec: column((i) => 1000 + i),
    first_token_latency: latency,
    inter_token_latency: latency,
    pools: [
      {
        name: pool,
        waiting: column((i) => (i === 7 ? 12 : 1)),
        peak_waiting: column(() => 14),
        running: column(() => 20),
        kv_utilization: column((i) => i / 10),
        prefill_utilization: column(() => 0.25),
        mixed_utilization: column(() => 0),
        decode_utilization: column(() => 0.5),
        decode_batch: column(() => 18),
      },
    ],
  }
}

/** Invented results of one pool, with every section unless `changes` say otherwise. */
export function exampleResults(changes: Partial<ResultsDocument> = {}): ResultsDocument {
  const quantiles = Array.from({ length: 101 }, (_, i) => i / 100)
  const grid = (median: number): number[] => quantiles.map((q) => median * (0.25 + 1.5 * q))
  return {
    total_requests: 400,
    completed_requests: 398,
    rejected_requests: 1,
    unfinished_requests: 1,
    simulation_time: 100,
    measured_window: { start_s: 10, end_s: 90, arrived_requests: 320, completed_requests: 318 },
    throughput: {
      requests_per_sec: 3.975,
      tokens_per_sec: 1004.5,
      input_tokens_per_sec: 2000,
      total_tokens_per_sec: 3004.5,
    },
    xpu_utilization: 0.75,
    memory: { peak_memory_gb: 60, p95_memory_gb: 55, p50_memory_gb: 50 },
    first_token_latency: exampleLatency(0.12),
    end_to_end_latency: exampleLatency(4),
    time_per_output_token: exampleLatency(0.02),
    inter_token_latency: exampleLatency(0.018),
    queue_time: exampleLatency(0.05),
    goodput: { requests_per_sec: 3.5, attainment: 0.88 },
    objectives: [
      { metric: 'ttft', quantile: 0.99, limit_s: 1, value_s: 0.48, attainment: null, met: true },
    ],
    verdict: { state: 'stable', reason: 'The queue empties again and again.' },
    classes: [
      {
        name: 'chat',
        arrived_requests: 400,
        completed_requests: 398,
        throughput: { requests_per_sec: 3.975, tokens_per_sec: 1004.5 },
        first_token_latency: exampleLatency(0.12),
        end_to_end_latency: exampleLatency(4),
        time_per_output_token: exampleLatency(0.02),
        inter_token_latency: exampleLatency(0.018),
        queue_time: exampleLatency(0.05),
        goodput: { requests_per_sec: 3.5, attainment: 0.88 },
      },
    ],
    littles_law: { mean_in_system: 20, rate_times_latency: 20 },
    preemptions: 3,
    kv_cache: { total_blocks: 1000, peak_used_blocks: 400, mean_utilization: 0.2 },
    kv_transfer: null,
    energy: { total_joules: 1e6, joules_per_output_token: 10, average_watts: 10_000 },
    cost: { usd_per_hour: 24, usd_per_million_tokens: 6.64 },
    distributions: {
      quantiles,
      first_token_latency: grid(0.12),
      end_to_end_latency: grid(4),
      time_per_output_token: grid(0.02),
      inter_token_latency: grid(0.018),
      queue_time: grid(0.05),
    },
    pools: [examplePool('mixed', 'mixed', 2)],
    warnings: [],
    time_series: exampleSeries('mixed'),
    operators: (['prefill', 'decode'] as const).map((phase) => ({
      pool: 'mixed',
      phase,
      steps: 1000,
      prefill_tokens: phase === 'prefill' ? 1000 : 0,
      decodes: phase === 'prefill' ? 0 : 16,
      context_tokens: phase === 'prefill' ? 0 : 900,
      seconds: 0.02,
      device: { name: 'device-80gb', peak_flop_per_sec: 1e15, memory_bytes_per_sec: 3e12 },
      operators: [
        {
          name: 'ffn',
          seconds: 0.012,
          flop: phase === 'prefill' ? 8e12 : 4e10,
          bytes: 2e10,
          sent_bytes: 0,
          bound: 'memory',
        },
        {
          name: 'all_reduce',
          seconds: 0.008,
          flop: 0,
          bytes: 1e9,
          sent_bytes: 2e8,
          bound: 'communication',
        },
      ],
    })),
    memory_breakdown: [
      {
        pool: 'mixed',
        device_bytes: 80 * 2 ** 30,
        parts: [
          { name: 'weights', bytes: 35 * 2 ** 30 },
          { name: 'KV cache', bytes: 45 * 2 ** 30 },
        ],
      },
    ],
    scenario: {
      name: 'an example',
      model: 'model-70b',
      workload: { arrival_rate: 4 },
      cluster: { xpu: 'device-80gb' },
      random_seed: 0,
    },
    versions: { '@llmsim/cli': '0.1.0' },
    ...changes,
  }
}
