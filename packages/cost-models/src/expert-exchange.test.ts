import { MoeFfn, type AllToAllBackend, type ReplicaLayout } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { deepEpSeconds, exchangedBytes, expertExchange } from './expert-exchange.js'
import { expertLayout, rowsPerToken } from './expert-layout.js'
import { checkLayout, memoryFootprint, rooflineCostModel, weightBytesPerDevice } from './index.js'
import { deepseekV3, h100, layout, llama3x8b } from './test/fixtures.js'

function spread(ranks: number, fields: Partial<ReplicaLayout> = {}): ReplicaLayout {
  return layout(deepseekV3, h100, {
    attentionDataParallel: ranks,
    expertParallel: ranks,
    weightFormat: 'fp8',
    activationFormat: 'fp8',
    ...fields,
  })
}

const grouped = MoeFfn.parse({ ...deepseekV3.ffn, groups: 8, groups_per_token: 4 })

/**
 * The H800 nodes of DeepEP's own tables (docs/legacy.md of <https://github.com/deepseek-ai/DeepEP>): a NIC
 * of 50 GB/s; their NVLink gives 160 GB/s at most, which is put in as 0.53 of what the model takes.
 */
const h800 = {
  intraNode: { bandwidthBytesPerSecond: 158e9 / 0.53, latencySeconds: 0 },
  interNode: { bandwidthBytesPerSecond: 50e9, latencySeconds: 0 },
}

function measured(
  ranks: number,
  allToAllBackend: AllToAllBackend,
  tokens: number,
  way: 'dispatch' | 'combine',
): number {
  const given = spread(ranks, { ...h800, allToAllBackend, devicesPerNode: 8 })
  return deepEpSeconds(expertExchange(given, grouped, way), given, tokens)
}

describe('expert exchange', () => {
  it('takes what DeepEP states for its low-latency kernels, to 20 %', () => {
    // Ranks, microseconds of dispatch and of combine; 128 tokens each.
    for (const [ranks, dispatch, combine] of [
      [16, 118, 195],
      [32, 155, 273],
      [64, 173, 314],
      [128, 192, 369],
      [256, 194, 360],
    ] as const) {
      const took = (way: 'dispatch' | 'combine') =>
        1e6 * measured(ranks, 'deepep_low_latency', 128, way)
      expect(Math.abs(took('dispatch') / dispatch - 1), `${ranks}`).toBeLessThan(0.2)
      expect(Math.abs(took('combine') / combine - 1), `${ranks}`).toBeLessThan(0.2)
    }
  })

  it('takes what DeepEP states for its normal kernels, to 25 %', () => {
    // Ranks, nodes that a token reaches, GB/s at which its copies for them are sent; 4096 tokens each.
    for (const [ranks, nodes, bandwidth] of [
      [16, 2, 43],
      [32, 4 * (1 - (6 * 5 * 4 * 3) / (8 * 7 * 6 * 5)), 58],
      [64, 4, 51],
    ] as const) {
      const stated = (4096 * nodes * 7168 * (1 + 4 / 128)) / (bandwidth * 1e9)
      const took = measured(ranks, 'deepep_high_throughput', 4096, 'dispatch')
      expect(Math.abs(took / stated - 1), `${ranks}`).toBeLessThan(0.25)
    }
  })

  it('sends over the NIC what leaves the node, and nothing on one node', () => {
    for (const allToAllBackend of ['all_to_all', 'deepep_low_latency'] as const) {
      const one = expertExchange(spread(8, { allToAllBackend }), grouped, 'combine')
      expect(one.interBytes).toBe(0)
      expect(one.intraBytes).toBeCloseTo((8 * 7168 * 2 * 7) / 8, 6)
      const four = expertExchange(spread(32, { allToAllBackend }), grouped, 'combine')
      expect(four.interBytes).toBeCloseTo((8 * 7168 * 2 * 24) / 32, 6)
      expect(exchangedBytes(four, 10)).toBeCloseTo((10 * 8 * 7168 * 2 * 31) / 32, 4)
    }
    const gathered = expertExchange(spread(32), grouped, 'dispatch')
    // Three quarters of the tokens come from other nodes, over the NICs of all eight devices.
    expect(gathered).toMatchObject({ counts: 'group', interBytes: (7168 * 2 * 0.75) / 8 })
  })

  it('quantises what DeepEP dispatches, and nothing else', () => {
    const bytes = (allToAllBackend: AllToAllBackend, way: 'dispatch' | 'combine') =>
      expertExchange(spread(8, { allToAllBackend }), grouped, way).messageBytes
    expect(bytes('deepep_low_latency', 'dispatch')).toBe(8 * 7168 * (1 + 4 / 128))
    expect(bytes('deepep_low_latency', 'combine')).toBe(8 * 7168 * 2)
    expect(bytes('all_to_all', 'dispatch')).toBe(8 * 7168 * 2)
  })
})

describe('expert layout', () => {
  it('gives the fullest device its share of the copies', () => {
    const even = expertLayout(spread(8))
    expect(even).toMatchObject({ devices: 8, split: 1, perDevice: 32, imbalance: 1 })
    expect(rowsPerToken(even, 8)).toBe(1)
    const uneven = expertLayout(spread(24))
    expect(uneven.perDevice).toBe(11)
    expect(uneven.imbalance).toBeCloseTo((11 * 24) / 256, 12)
    expect(rowsPerToken(expertLayout(spread(8, { expertImbalance: 1.5 })), 8)).toBe(1.5)
    expect(expertLayout(spread(32, { redundantExperts: 32 }))).toMatchObject({
      stored: 288,
      perDevice: 9,
      imbalance: 1,
    })
  })

  it('holds each expert once and everything else on every rank', () => {
    const whole = weightBytesPerDevice(spread(1))
    const eighth = weightBytesPerDevice(spread(8))
    const experts = 58 * 256 * 3 * 7168 * 2048
    expect(whole - eighth).toBeCloseTo((experts * 7) / 8, 0)
    // Two devices of a rank split all but the experts, which have sixteen devices to themselves.
    const wide = spread(8, { tensorParallel: 2, expertParallel: 16 })
    expect(expertLayout(wide)).toMatchObject({ devices: 16, perDevice: 16, split: 1 })
    // Not spread, each expert is split over all of them: as many bytes.
    expect(weightBytesPerDevice({ ...wide, expertParallel: 1 })).toBe(weightBytesPerDevice(wide))
    expect(weightBytesPerDevice(spread(32, { redundantExperts: 32 }))).toBeGreaterThan(
      weightBytesPerDevice(spread(32)),
    )
  })

  it('leaves a KV cache beside the experts of an eighth', () => {
    const options = { blockSize: 16, maxBatchedTokens: 8192, maxBatchSize: 256 }
    const room = (ranks: number) =>
      memoryFootprint(spread(ranks, { accelerator: { ...h100, memory_bytes: 141e9 } }), options)
        .kvBlocks
    expect(room(1)).toBe(0)
    expect(room(8)).toBeGreaterThan(1000)
    expect(room(32)).toBeGreaterThan(room(8))
  })

  it('refuses what cannot be laid out', () => {
    const refused = (given: ReplicaLayout): string => {
      try {
        checkLayout(given)
        return 'accepted'
      } catch (error) {
        return (error as { path: string }).path
      }
    }
    expect(refused(spread(8))).toBe('accepted')
    expect(refused(spread(8, { expertParallel: 3 }))).toBe('parallelism.expert_parallel_size')
    expect(refused(spread(512))).toBe('parallelism.expert_parallel_size')
    expect(refused(spread(1, { redundantExperts: 8 }))).toBe('parallelism.redundant_experts')
    expect(refused(spread(1, { expertImbalance: 2 }))).toBe('parallelism.expert_imbalance')
    expect(refused(spread(8, { expertImbalance: 0.5 }))).toBe('parallelism.expert_imbalance')
    const dense = layout(llama3x8b, h100, { attentionDataParallel: 2 })
    expect(refused(dense)).toBe('parallelism.attention_data_parallel_size')
    expect(refused(spread(8, { expertParallel: 4, allToAllBackend: 'deepep_low_latency' }))).toBe(
      'parallelism.all_to_all_backend',
    )
  })
})

describe('a step of attention ranks', () => {
  const work = (decodes: number, groupTokens?: number) => ({
    prefillTokens: 0,
    prefillAttention: 0,
    decodes,
    decodeContext: 1000 * decodes,
    logits: decodes,
    ...(groupTokens === undefined ? {} : { groupTokens }),
  })
  const seconds = (given: ReplicaLayout, ...of: Parameters<typeof work>): number => {
    const cost = { seconds: 0, growth: 0, horizon: 1 }
    rooflineCostModel.create({ ...given, extra: {} }).step(work(...of), cost)
    return cost.seconds
  }

  it('takes the other ranks to be as full where nobody says', () => {
    expect(seconds(spread(8), 32)).toBe(seconds(spread(8), 32, 256))
    expect(seconds(spread(8), 32, 400)).toBeGreaterThan(seconds(spread(8), 32, 256))
  })

  it('costs more with a fuller device, and with more tokens that leave the node', () => {
    expect(seconds(spread(8, { expertImbalance: 2 }), 512)).toBeGreaterThan(seconds(spread(8), 512))
    const backend = { allToAllBackend: 'deepep_low_latency' } as const
    const near = seconds(spread(32, { ...backend, devicesPerNode: 32 }), 128)
    expect(seconds(spread(32, { ...backend, devicesPerNode: 8 }), 128)).toBeGreaterThan(near)
  })
})
