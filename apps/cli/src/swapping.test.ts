/** Preemption to host memory: by hand, under every scheduler, and as the command line sets it. */
import { randomSpecification, requestListSource } from '@llmsim/conformance'
import type {
  SchedulerFactory,
  SimulationResult,
  SimulationSpec,
  SwapSpace,
} from '@llmsim/contracts'
import { defaultSchedulerOptions, schedulers, vllmV0 } from '@llmsim/schedulers'
import { simulate } from '@llmsim/simulator'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'
import { eighths } from './testing/eighths.js'

/** Two requests of two blocks each on four blocks: the first of them to grow puts the other one out. */
function twoRequests(swap: SwapSpace | undefined, factory: SchedulerFactory = vllmV0) {
  const specification: SimulationSpec = {
    pools: [
      {
        name: 'pool',
        role: 'mixed',
        replicas: 1,
        devicesPerReplica: 2,
        stages: 1,
        costModel: eighths,
        createScheduler: () => factory.create({ ...defaultSchedulerOptions, watermark: 0 }),
        router: { name: 'first', route: () => 0 },
        memory: {
          kvBlocks: 4,
          blockSize: 4,
          bytesPerBlock: 1000,
          staticBytes: 0,
          ...(swap === undefined ? {} : { swap }),
        },
        power: { idleWatts: 100, prefillWatts: 700, decodeWatts: 400 },
      },
    ],
    source: requestListSource([
      { arrivalSeconds: 0, promptTokens: 8, outputTokens: 6 },
      { arrivalSeconds: 0, promptTokens: 8, outputTokens: 6 },
    ]),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    exactQuantiles: true,
  }
  return simulate(specification)
}

/** A quarter of a second for a device's share of a block. */
const roomy: SwapSpace = { blocks: 100, bandwidthBytesPerSecond: 4000 }

const latencies = ({ end_to_end_latency: { min, max } }: SimulationResult) => [min, max]

describe('a preempted request', () => {
  it('goes to host memory and comes back, at the speed of the link', () => {
    const result = twoRequests(roomy)
    // Both prompts until 2 s. One goes out while the other decodes: half a second each, until 3 s;
    // four more steps. It comes back beside its first decode step until 6 s; four more steps.
    expect(latencies(result)).toEqual([5, 8])
    expect(result.preemptions_by_mode).toEqual({ recompute: 0, swap: 1 })
    expect(result.swap).toEqual({
      total_blocks: 100,
      peak_used_blocks: 2,
      swapped_out: 1,
      swapped_in: 1,
      refused: 0,
      out_bytes: 4000,
      in_bytes: 4000,
    })
  })

  it('is recomputed where there is no room for it, and no swap space', () => {
    // Its 8 prompt tokens and the one that it had are prefilled again, from 4.5 s to 5.625 s.
    const none = twoRequests(undefined)
    expect(latencies(none)).toEqual([4.5, 7.625])
    expect(none).toMatchObject({ preemptions_by_mode: { recompute: 1, swap: 0 }, swap: null })
    const small = twoRequests({ ...roomy, blocks: 1 })
    expect(latencies(small)).toEqual(latencies(none))
    expect(small.swap).toMatchObject({ swapped_out: 0, refused: 1, peak_used_blocks: 0 })
  })

  it('is recomputed under a scheduler that would not bring it back', () => {
    const unaware: SchedulerFactory = {
      ...vllmV0,
      create: (options) => ({ name: 'unaware', plan: vllmV0.create(options).plan }),
    }
    expect(twoRequests(roomy, unaware).preemptions_by_mode).toEqual({ recompute: 1, swap: 0 })
  })
})

describe.each(schedulers.map((factory) => [factory.name, factory] as const))(
  'under the scheduler %s',
  (_name, factory) => {
    it('swapped requests come back, in every random scenario that ends', () => {
      let swapped = 0
      let refused = 0
      for (let seed = 1; seed <= 150; seed++) {
        const result = simulate(
          randomSpecification(seed, { createScheduler: (options) => factory.create(options) }),
        )
        const { swap } = result
        if (swap === undefined || swap === null) continue
        swapped += swap.swapped_out
        refused += swap.refused
        // Who is given up or loses its replica need not come back.
        const cancelled = result.faults !== undefined || (result.clients?.timeouts ?? 0) > 0
        if (result.unfinished_requests === 0 && !cancelled)
          expect(swap.swapped_in).toBe(swap.swapped_out)
      }
      // The scenarios are worth it: both kinds of preemption happen.
      expect(swapped).toBeGreaterThan(10)
      expect(refused).toBeGreaterThan(1)
    })
  },
)

describe('the command line', () => {
  const overload =
    'run --model llama3-8b --xpu h100 --scheduler vllm-v0 --avg-input-length 500 --avg-output-length 500 --arrival-rate 40 --duration 12 --max-batch-size 1000 --num-gpu-blocks-override 8000 --format json'
  const results = async (flags: string): Promise<SimulationResult> => {
    const { code, stdout, stderr } = await llmsim(
      [...overload.split(' '), ...flags.split(' ')],
      '.',
    )
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as SimulationResult
  }

  it('swaps with --swap-space, faster over a faster link', async () => {
    const pcie = await results('--swap-space 8')
    // 2^20 bytes for 16 tokens of 32 layers with 8 heads of 128, in keys and values of 16 bits: 2 MiB.
    expect(pcie.swap?.total_blocks).toBe(4096)
    expect(pcie.preemptions_by_mode?.swap).toBe(pcie.preemptions)
    expect(pcie.preemptions).toBeGreaterThan(10)
    const slow = await results('--swap-space 8 --set engine.host_link_gbs=0.5')
    expect(slow.throughput.tokens_per_sec).toBeLessThan(pcie.throughput.tokens_per_sec)
  })

  it.each(['static', 'static-windowed'])(
    'forms one batch of those in host memory and of those who wait, under %s',
    async (scheduler) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-swapping-'))
      const rows = [...Array<string>(3).fill('0,160,60'), ...Array<string>(2).fill('0.5,160,20')]
      const header = 'arrived_at,num_prefill_tokens,num_decode_tokens'
      writeFileSync(path.join(folder, 'five.csv'), `${[header, ...rows].join('\n')}\n`)
      const flags = `--model llama3-8b --xpu h100 --engine bare --scheduler ${scheduler} --cost-model fixed --set cost_model.options.step_ms=100 --set scheduler.watermark=0 --set scheduler.batching_window_ms=0 --num-gpu-blocks-override 36 --trace five.csv --preemption-mode swap --exact-quantiles --format json`
      const { code, stdout, stderr } = await llmsim(flags.split(' '), folder)
      rmSync(folder, { recursive: true })
      expect(code, stderr).toBe(0)
      const { swap, queue_time, end_to_end_latency } = JSON.parse(stdout) as SimulationResult
      expect(swap).toMatchObject({ swapped_out: 2, swapped_in: 2 })
      // One stays of the first batch: 60 steps, until 6 s. Then all others are admitted at once, some in the
      // midst of their answers, the others for a prompt and 19 more steps.
      expect(queue_time.max).toBeCloseTo(5.5, 2)
      expect(end_to_end_latency.max).toBeLessThan(9)
    },
  )

  it.each([
    ['--preemption-mode recompute --swap-space 4', 'engine.swap_space_gb', 'recompute'],
    ['--preemption-mode drop', 'engine.preemption_mode', 'swap'],
    ['--swap-space -1', 'engine.swap_space_gb', ''],
    [
      '--swap-space 1e14',
      'engine.swap_space_gb (--swap-space): is 5.12e+16 KV blocks',
      'at most 1.76e+13',
    ],
  ])('refuses %s', async (flags, where, why) => {
    const { code, stdout, stderr } = await llmsim(
      [...overload.split(' '), ...flags.split(' ')],
      '.',
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(where)
    expect(stderr).toContain(why)
  })
})
