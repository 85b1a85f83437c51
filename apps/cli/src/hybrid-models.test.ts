/** Models of which most layers keep a state in place of a KV cache. */
import type { SimulationResult } from '@llmsim/contracts'
import { resultDifferences } from '@llmsim/conformance'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const run = async (line: string): Promise<SimulationResult> => {
  const { code, stdout, stderr } = await llmsim(
    [...line.split(' '), '--format', 'json', '--quiet'],
    '.',
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as SimulationResult
}

const load = '--num-requests 60 --arrival-rate 4 --avg-output-length 64'

it.each(['qwen3-next-80b-a3b', 'jamba-v0.1'])('serves %s, the same step by step', async (model) => {
  const line = `--model ${model} --xpu h100-80gb --tp 4 ${load}`
  const jumped = await run(line)
  expect(jumped.completed_requests).toBe(60)
  const stepped = await run(`${line} --step-by-step`)
  const results = ({ scenario: _scenario, ...rest }: SimulationResult & { scenario?: unknown }) =>
    rest
  expect(resultDifferences(results(jumped), results(stepped))).toEqual([])
})

it('sends states along with KV caches', async () => {
  const pools = '--disaggregated --prefill-xpu h100-80gb --decode-xpu h100-80gb'
  const sizes = '--prefill-n-xpus 4 --prefill-tp 4 --decode-n-xpus 4 --decode-tp 4'
  const { kv_transfer: transfer } = await run(
    `--model qwen3-next-80b-a3b ${pools} ${sizes} ${load}`,
  )
  const state = 36 * (4 * 524_288 + 2 * 24_576)
  expect(transfer!.transfers).toBe(60)
  expect(transfer!.bytes).toBeGreaterThan(60 * state)
})

const caching = '--enable-prefix-caching --shared-prefix-length 4000 --avg-input-length 5000'

interface Cached {
  readonly prefix_cache: { readonly hit_tokens: number; readonly prompt_tokens: number }
  readonly scenario: { readonly engine: { readonly block_size: number } }
  readonly kv_cache: { readonly total_blocks: number }
}

describe('a prefix cache of a model with states', () => {
  const line = `--model qwen3-next-80b-a3b --xpu h100-80gb --tp 4 ${load} ${caching}`

  it('finds what is alike up to the last state that was kept, the same step by step', async () => {
    const jumped = await run(line)
    const { prefix_cache: cache, scenario } = jumped as SimulationResult & Cached
    // As many tokens as take the room of a state of 524,288 and 24,576 elements over four devices, each with one of
    // the two key/value heads of 256: 1 KiB a token.
    const size = 16 * Math.ceil((4 * 524_288 + 2 * 24_576) / 4 / 1024 / 16)
    expect(scenario.engine.block_size).toBe(size)
    const alike = Math.floor(4000 / size) * size
    expect(alike).toBeLessThan(4000)
    expect(cache.hit_tokens % size).toBe(0)
    expect(cache.hit_tokens).toBeGreaterThan(50 * alike)
    const stepped = await run(`${line} --step-by-step`)
    const results = ({ scenario: _, ...rest }: SimulationResult & { scenario?: unknown }) => rest
    expect(resultDifferences(results(jumped), results(stepped))).toEqual([])
  })

  it('finds more with smaller blocks, of which fewer tokens have room', async () => {
    const usual = (await run(line)) as SimulationResult & Cached
    const small = (await run(`${line} --block-size 64`)) as SimulationResult & Cached
    expect(small.prefix_cache.hit_tokens).toBeGreaterThan(usual.prefix_cache.hit_tokens)
    const tokens = ({ kv_cache, scenario }: Cached): number =>
      kv_cache.total_blocks * scenario.engine.block_size
    expect(tokens(small)).toBeLessThan(tokens(usual) / 3)
  })

  it('comes back from tiers, after faults and on replicas that come and go', async () => {
    const tier = '[{"name":"store","scope":"pool","bandwidth_gbs":10}]'
    const faults = '--fault-every 1 --fault-duration 0.1 --set faults.start_up_s=0'
    const scaled = '--autoscale-max 2 --autoscale-signal queue --autoscale-provisioning 0'
    const tiered = `${line} ${faults} ${scaled} --set engine.kv_tiers=${tier}`
    const jumped = await run(tiered)
    expect(jumped.prefix_cache!.tiers[0]!.hit_tokens).toBeGreaterThan(0)
    expect(jumped.faults!.replica_faults).toBeGreaterThan(0)
    const stepped = await run(`${tiered} --step-by-step`)
    const results = ({ scenario: _, ...rest }: SimulationResult & { scenario?: unknown }) => rest
    expect(resultDifferences(results(jumped), results(stepped))).toEqual([])
  })

  it('sends states once for each request', async () => {
    const pools = '--disaggregated --prefill-n-xpus 4 --decode-n-xpus 4'
    const { kv_transfer: transfer, prefix_cache: cache } = await run(`${line} ${pools}`)
    const state = 36 * (4 * 524_288 + 2 * 24_576)
    expect(cache!.hit_tokens).toBeGreaterThan(0)
    expect(transfer!.bytes).toBeGreaterThan(60 * state)
    expect(transfer!.bytes).toBeLessThan(60 * state * 10)
  })
})
