/** DeepSeek-R1 with its experts spread and its attention repeated, on one node and on 4 + 4 of them. */
import type { PoolFigures, SimulationResult } from '@llmsim/contracts'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const examples = fileURLToPath(new URL('../../../examples/scenarios/', import.meta.url))

async function results(line: string): Promise<SimulationResult> {
  const { code, stdout, stderr } = await llmsim(
    [...line.split(' '), '--format', 'json', '--quiet'],
    examples,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as SimulationResult
}

/** What the parts of a breakdown add up to: all of the steps. */
function partsOf({ breakdown }: PoolFigures): number {
  const { operators, barrier_s } = breakdown!
  return Object.values(operators).reduce((sum, seconds) => sum + seconds, barrier_s)
}

const small = '--num-requests 120'

describe('DeepSeek-R1 on 8 H200', () => {
  it('runs with memory, all-to-all and barrier in the results', async () => {
    const result = await results(`--config experts.yaml ${small}`)
    expect(result.completed_requests).toBe(120)
    const [pool] = result.pools
    expect(pool).toMatchObject({ devices: 8, replicas: 1, attention_ranks: 8 })
    expect(pool!.per_replica).toHaveLength(8)
    // Weights: 32 experts of 58 layers and all the rest, 0.9 of 141 GiB in all.
    const experts = (58 * 32 * 3 * 7168 * 2048) / 2 ** 30
    expect(pool!.memory.peak_memory_gb).toBeGreaterThan(experts + 14)
    expect(pool!.memory.peak_memory_gb).toBeLessThan(141)
    const { operators, barrier_s, step_s } = pool!.breakdown!
    for (const name of ['expert_dispatch', 'expert_combine', 'experts', 'attention_decode_full'])
      expect(operators[name], name).toBeGreaterThan(0)
    expect(operators.all_reduce).toBeUndefined()
    expect(barrier_s).toBeGreaterThan(0)
    expect(barrier_s).toBeLessThan(step_s)
    expect(partsOf(pool!) / step_s).toBeCloseTo(1, 9)
  })

  it('waits the more the fuller the fullest device is', async () => {
    const throughput = async (imbalance: number): Promise<number> =>
      (await results(`--config experts.yaml ${small} --expert-imbalance ${imbalance}`)).throughput
        .tokens_per_sec
    expect(await throughput(2)).toBeLessThan(await throughput(1))
  })

  it('keeps more KV cache than eight devices that share each layer', async () => {
    const tokens = async (sizes: string): Promise<number> => {
      const { kv_cache } = await results(`--model deepseek-r1 --xpu h200 ${small} ${sizes}`)
      return kv_cache.total_blocks
    }
    const each = await tokens('--attention-dp 8 --enable-expert-parallel')
    const whole = await tokens('--tp 8')
    // With TP every device holds the same latents; with attention ranks each holds its own.
    expect(each).toBeLessThan(whole)
    expect(8 * each).toBeGreaterThan(3 * whole)
  })
})

describe('DeepSeek-R1 on 4 + 4 nodes of 8 H200', () => {
  it('runs, and its exchanges cross nodes', async () => {
    const config = '--config experts-disaggregated.yaml'
    const result = await results(`${config} ${small}`)
    expect(result.completed_requests).toBe(120)
    expect(result.kv_transfer?.transfers).toBe(120)
    const [prefill, decode] = result.pools
    expect(prefill).toMatchObject({ devices: 32, attention_ranks: 4 })
    expect(decode).toMatchObject({ devices: 32, attention_ranks: 32 })
    expect(prefill!.breakdown!.operators.all_reduce).toBeGreaterThan(0)
    for (const pool of [prefill!, decode!]) {
      expect(pool.breakdown!.operators.expert_dispatch).toBeGreaterThan(0)
      expect(pool.breakdown!.barrier_s).toBeGreaterThan(0)
      expect(partsOf(pool) / pool.breakdown!.step_s).toBeCloseTo(1, 9)
    }
    // What leaves the nodes of the decode pool goes over its NICs.
    const slow = await results(
      `${config} ${small} --set disaggregation.decode.interconnect.inter_node_bandwidth_gbs=12`,
    )
    const combine = ({ pools }: SimulationResult): number =>
      pools[1]!.breakdown!.operators.expert_combine!
    expect(combine(slow)).toBeGreaterThan(1.5 * combine(result))
  })
})

describe('layouts that contradict themselves', () => {
  it.each([
    ['--model llama3-8b --xpu h100-80gb --attention-dp 2', 'attention_data_parallel_size'],
    ['--model llama3-8b --xpu h100-80gb --tp 2 --enable-expert-parallel', 'expert_parallel_size'],
    ['--model deepseek-r1 --xpu h200 --attention-dp 8 --ep 3', 'expert_parallel_size'],
    [
      '--model deepseek-r1 --xpu h200 --attention-dp 8 --all-to-all-backend deepep_low_latency',
      'all_to_all_backend',
    ],
    ['--model deepseek-r1 --xpu h200 --tp 8 --redundant-experts 8', 'redundant_experts'],
    [
      '--model deepseek-r1 --xpu h200 --attention-dp 8 --set parallelism.enable_expert_parallel=true --set parallelism.expert_parallel_size=4',
      'enable_expert_parallel',
    ],
  ])('refuses %s', async (line, field) => {
    const { code, stdout, stderr } = await llmsim(line.split(' '), examples)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(field)
    expect(stderr.trim().split('\n').length).toBeLessThan(8)
  })
})
