import { parseWith } from '@llmsim/catalog'
import { Scenario } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { loadRegistries } from '../registries.js'
import { resolveScenario } from './resolve-scenario.js'
import type { ResolvedScenario } from './resolved-scenario.js'

const registries = await loadRegistries({}, '/')

/** What a results file holds of a scenario: its order counts, since results are compared byte by byte. */
const text = (scenario: ResolvedScenario): string => JSON.stringify(scenario, null, 1)

function resolve(fields: object): ResolvedScenario {
  const scenario = { model: 'llama2-70b', cluster: { xpu: 'h100' }, ...fields }
  return resolveScenario(parseWith(Scenario, scenario, { path: '' }), registries, [])
}

const pools = {
  cluster: {},
  disaggregation: {
    prefill: { xpu: 'a100', n_xpus: 8, tensor_parallel_size: 4 },
    decode: { xpu: 'mi300x', n_xpus: 8, tensor_parallel_size: 8 },
  },
}

const fleet = {
  cluster: {},
  pools: [
    { xpu: 'h100', role: 'prefill', n_xpus: 8, tensor_parallel_size: 8 },
    {
      ...{ role: 'decode', tensor_parallel_size: 8, n_xpus: 16, xpu: 'h100' },
      autoscaling: { min_replicas: 1, max_replicas: 2 },
    },
  ],
}
const encode = { model: 'qwen2.5-vl-7b', encode: { n_xpus: 2, xpu: 'l40s' } }

/** The same with the fields of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, reversed(each)]),
  )
}

describe('resolveScenario', () => {
  it.each([
    [{}],
    [{ workload: { concurrency: 8, num_requests: 10 } }],
    [{ workload: { trace: 'a.csv' } }],
    [{ workload: { arrival_process: 'gamma', cv: 2, length_distribution: 'zipf' } }],
    [
      {
        scheduler: { batching_type: 'static', batching_strategy: 'windowed' },
        slo: { ttft_ms: 1 },
      },
    ],
    [pools],
    [{ ...pools, router: { name: 'random' }, drain_duration_s: 5 }],
    [{ autoscaling: { max_replicas: 3 } }],
    [{ autoscaling: { start_up_s: 4, max_replicas: 3, signal: 'slo', scale_down_at: 0.5 } }],
    [{ ...fleet, autoscaling: { max_replicas: 3, interval_s: 4 } }],
    [{ faults: { start_up_s: 4, every_s: 60 }, autoscaling: { initial_replicas: 2 } }],
    [{ faults: { max_retries: 2, retry_from: 'last-token', every_s: 5 } }],
    [{ faults: { mttr_s: 1, mtbf_s: 5, every_s: 5, retry_delay_ms: 3 } }],
    [{ ...fleet, kv_transfer: { topology: { nic_gbs: 20 } } }],
    [
      {
        faults: { events: [{ at_s: 5, kind: 'link', bandwidth_factor: 0.5 }] },
        decider: { name: 'load' },
        ...fleet,
      },
    ],
    [{ engine: { enable_prefix_caching: true, swap_space_gb: 4, preemption_mode: 'swap' } }],
    [
      {
        engine: {
          speculative: { acceptance_rate: 0.7, method: 'ngram', num_speculative_tokens: 3 },
        },
      },
    ],
    [
      {
        engine: { lora: { max_loras: 2 } },
        workload: { adapters: { zipf_exponent: 1, number: 4 }, num_requests: 4 },
      },
    ],
    [
      {
        model: 'qwen2.5-vl-7b',
        workload: { images: { sizes: [{ height: 400, width: 300 }], per_request: 2 } },
      },
    ],
    [
      {
        ...encode,
        workload: { images: { per_request: 1, sizes: [{ weight: 2, width: 300, height: 200 }] } },
      },
    ],
    [
      {
        workload: { client: { max_retries: 2, timeout_s: 5 } },
        admission: { name: 'queue-limit' },
      },
    ],
    [{ parallelism: { data_parallel_size: 2, pipeline_parallel_size: 2 } }],
    [{ workload: { shared_prefix_length: 20, cv: 2, arrival_process: 'weibull' } }],
    [{ workload: { classes: [{ weight: 2, name: 'a', slo: { tpot_ms: 1, ttft_ms: 2 } }] } }],
    [{ cost_model: { options: { step_ms: 2 }, name: 'fixed' } }],
    [
      {
        engine: {
          kv_tiers: [{ name: 'cpu', bandwidth_gbs: 9, capacity_gb: 4 }],
          enable_prefix_caching: true,
        },
      },
    ],
  ])('resolves what it made to itself, in the same order: %j', (fields) => {
    const once = resolve(fields)
    expect(text(resolve(once))).toBe(text(once))
    // Whatever order a person wrote the fields in.
    expect(text(resolve(reversed(fields) as object))).toBe(text(once))
  })

  it('writes catalog names, not aliases', () => {
    expect(resolve({ model: 'llama-2-70b' }).model).toBe('llama2-70b')
    expect(resolve({}).cluster?.xpu).toBe('h100-80gb')
  })

  it('spreads replicas over the devices', () => {
    const cluster = { xpu: 'h100', n_xpus_per_node: 8, n_nodes: 2 }
    const parallelism = { tensor_parallel_size: 4 }
    expect(resolve({ cluster, parallelism }).parallelism?.data_parallel_size).toBe(4)
    expect(resolve({ parallelism }).cluster?.n_xpus_per_node).toBe(4)
  })

  it('fills nodes of the usual size, as many as are needed, unless told otherwise', () => {
    const shape = (
      cluster: object,
      tensor_parallel_size: number,
      rest: object = {},
    ): (number | undefined)[] => {
      const once = resolve({
        cluster: { xpu: 'h100', ...cluster },
        parallelism: { tensor_parallel_size, ...rest },
      })
      expect(resolve(once)).toEqual(once)
      const { n_nodes, n_xpus_per_node } = once.cluster ?? {}
      return [n_nodes, n_xpus_per_node, once.parallelism?.data_parallel_size]
    }
    expect(shape({}, 16)).toEqual([2, 8, 1])
    expect(shape({}, 4)).toEqual([1, 4, 1])
    expect(shape({}, 4, { data_parallel_size: 3 })).toEqual([2, 8, 3])
    expect(shape({}, 4, { pipeline_parallel_size: 3 })).toEqual([2, 8, 1])
    expect(shape({ n_nodes: 2 }, 8)).toEqual([2, 4, 1])
    expect(shape({ n_nodes: 4 }, 16)).toEqual([4, 4, 1])
    expect(shape({ n_xpus_per_node: 16 }, 16)).toEqual([1, 16, 1])
    expect(shape({ n_xpus_per_node: 8, n_nodes: 2 }, 8)).toEqual([2, 8, 2])
    expect(shape({ xpu: 'gb200' }, 16)).toEqual([1, 16, 1])
    expect(() => shape({ n_nodes: 1 }, 16)).toThrow('the cluster has 8 devices (1 x 8)')
  })

  it('gives each pool the replicas or the devices that the common sections say', () => {
    const shape = (cluster: object, parallelism: object, own: object = {}): unknown[] => {
      const once = resolve({
        cluster: { xpu: 'h100', ...cluster },
        parallelism,
        disaggregation: own,
      })
      expect(resolve(once)).toEqual(once)
      const { prefill, decode } = once.disaggregation ?? {}
      return [prefill, decode].map((pool) => [pool?.n_xpus, pool?.n_xpus_per_node])
    }
    const dp = (data_parallel_size: number): object => ({ data_parallel_size })
    const same = (...sizes: number[]): unknown[] => [sizes, sizes]
    expect(shape({}, {})).toEqual(same(1, 1))
    expect(shape({}, dp(3))).toEqual(same(3, 3))
    expect(shape({ n_xpus_per_node: 8 }, {})).toEqual(same(8, 8))
    expect(shape({ n_xpus_per_node: 8 }, dp(2))).toEqual(same(2, 8))
    expect(shape({ n_xpus_per_node: 8, n_nodes: 2 }, dp(12))).toEqual(same(12, 8))
    expect(shape({ n_nodes: 2 }, {})).toEqual(same(2, 1))
    expect(shape({ n_nodes: 2 }, { tensor_parallel_size: 8 })).toEqual(same(8, 4))
    expect(shape({}, dp(3), { prefill: { n_xpus: 2 } })).toEqual([
      [2, 2],
      [3, 3],
    ])
    const two = { prefill: { n_xpus: 2 }, decode: { n_xpus: 2 } }
    expect(shape({ n_nodes: 1 }, dp(2), two)).toEqual(same(2, 2))
    expect(shape({ n_nodes: 1 }, dp(1), two)).toEqual(same(2, 2))
    expect(() => shape({ n_xpus_per_node: 8 }, dp(9))).toThrow('of each pool')
    expect(() => shape({}, dp(3), two)).toThrow('parallelism.data_parallel_size: is not what')
    expect(() => shape({ n_nodes: 2 }, {}, two)).toThrow('cluster.n_nodes: is not what')
    expect(() =>
      resolve({
        parallelism: dp(3),
        pools: [
          { role: 'prefill', n_xpus: 2 },
          { role: 'decode', n_xpus: 2 },
        ],
      }),
    ).toThrow('parallelism.data_parallel_size: is not what')
  })

  it.each([
    ['disaggregation', 'transfer_bandwidth_gbs', {}],
    [
      'kv_transfer',
      'bandwidth_gbs',
      {
        pools: [
          { role: 'prefill', n_xpus: 2 },
          { role: 'decode', n_xpus: 2 },
        ],
      },
    ],
  ] as const)('takes a bandwidth of %s or a network, and not both', (section, field, rest) => {
    const given = (gbs: number | undefined, topology?: object): object => {
      const fields: Record<string, object> = {
        disaggregation: { enabled: section === 'disaggregation' },
        ...rest,
        kv_transfer: topology === undefined ? {} : { topology },
      }
      if (gbs !== undefined) fields[section] = { ...fields[section], [field]: gbs }
      return fields
    }
    const usual: unknown = resolve(given(undefined))[section]?.[field as never]
    expect(usual).toBeGreaterThan(0)
    const network = resolve(given(undefined, {}))
    expect(network[section]).not.toHaveProperty(field)
    expect(resolve(given(usual as number, {}))).toEqual(network)
    expect(() => resolve(given(3, {}))).toThrow(`${section}.${field}: is that of one link`)
    expect(resolve(given(3))[section]).toHaveProperty(field, 3)
  })

  it('cuts lengths within the context of the model', () => {
    const { workload } = resolve({})
    expect(workload).toMatchObject({ max_input_length: 3277, max_output_length: 819 })
  })

  it('keeps what is particular to a pool apart, so that common fields still reach both', () => {
    const disaggregation = {
      ...pools.disaggregation,
      decode: { ...pools.disaggregation.decode, scheduler: { max_batch_size: 4 } },
    }
    const resolved = resolve({ ...pools, disaggregation }).disaggregation
    expect(resolved?.prefill.scheduler).toBeUndefined()
    expect(resolved?.decode.scheduler).toEqual({ max_batch_size: 4 })
    expect(resolved?.transfer_bandwidth_gbs).toBeGreaterThan(0)
  })

  it.each([
    [
      {
        parallelism: { tensor_parallel_size: 4, data_parallel_size: 3 },
        cluster: { xpu: 'h100', n_xpus_per_node: 8 },
      },
      'parallelism.data_parallel_size: tp x pp x dp = 12',
    ],
    [
      { parallelism: { tensor_parallel_size: 3 }, cluster: { xpu: 'h100', n_xpus_per_node: 8 } },
      'parallelism.tensor_parallel_size: 8 devices',
    ],
    [
      { parallelism: { tensor_parallel_size: 16 }, cluster: { xpu: 'h100', n_xpus_per_node: 8 } },
      'parallelism.tensor_parallel_size: one replica',
    ],
    [{ cluster: {} }, 'cluster.xpu: is required'],
    [{ warm_up_duration_s: 60 }, 'warm_up_duration_s: leaves nothing'],
    [{ workload: { concurrency: 2, arrival_rate: 1 } }, 'workload.arrival_rate: '],
    [{ workload: { trace: 'a', avg_input_length: 1 } }, 'workload.avg_input_length: '],
    [{ workload: { cv: 2 } }, 'workload.cv: '],
    [{ workload: { arrival_process: 'gamma' } }, 'workload.arrival_process: '],
    [
      { workload: { avg_input_length: 10, max_input_length: 5 } },
      'workload.max_input_length: is below',
    ],
    [{ workload: { avg_output_length: 0.5 } }, 'workload.avg_output_length: is out of range'],
    [{ scheduler: { max_batch_size: 2, min_batch_size: 3 } }, 'scheduler.min_batch_size: is above'],
    [{ scheduler: { name: 'greedy', batching_type: 'static' } }, 'scheduler.batching_type: '],
    [{ scheduler: { name: 'gredy' } }, 'did you mean greedy'],
    [{ router: { name: 'none' } }, 'router.name: unknown router'],
    [{ cost_model: { name: 'none' } }, 'cost_model.name: unknown cost model'],
    [
      { disaggregation: { prefill: { n_xpus: 3, tensor_parallel_size: 2 } } },
      'disaggregation.prefill.tensor_parallel_size: ',
    ],
    [
      { disaggregation: { decode: { scheduler: { name: 'x' } } } },
      'disaggregation.decode.scheduler.name: ',
    ],
  ])('refuses %j', (fields, message) => {
    expect(() => resolve(fields)).toThrow(message)
  })
})
