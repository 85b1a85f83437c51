/** Where prompts are computed and first tokens made, from the command line. */
import type { SimulationResult } from '@llmsim/contracts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const aggregated = '--model llama3.1-8b --xpu h100-80gb --num-requests 200'
const deployment = `${aggregated} --disaggregated`
const usual = `${deployment} --arrival-rate 30`

async function results(line: string, files: Record<string, string> = {}, before = usual) {
  const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-deciders-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
    const argv = `${before} ${line} --format json`.split(' ').filter((word) => word !== '')
    const { code, stdout, stderr } = await llmsim(argv, folder)
    return { code, stderr, result: code === 0 ? (JSON.parse(stdout) as SimulationResult) : null }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('--decider', () => {
  it('is in the results: no counts without one, all by the prefill pool with always', async () => {
    const { result: without } = await results('')
    const { result: always } = await results('--decider always')
    expect(without!.decider).toBeUndefined()
    expect(always!.decider).toEqual({ prefill_requests: 200, decode_requests: 0 })
    // One decode replica is chosen whenever it is.
    expect(always!.first_token_latency).toEqual(without!.first_token_latency)
  })

  it('keeps short prompts where they are decoded', async () => {
    const { result } = await results('--decider prefix-miss')
    const { prefill_requests: away, decode_requests: there } = result!.decider!
    expect(away + there).toBe(200)
    expect(Math.min(away, there)).toBeGreaterThan(20)
    expect(result!.kv_transfer!.transfers).toBe(away)
    const none = '--set decider.options.max_local_prefill_length=0'
    const { result: all } = await results(`--decider prefix-miss ${none}`)
    expect(all!.decider).toEqual({ prefill_requests: 200, decode_requests: 0 })
  })

  it('keeps those whose beginning is in the prefix cache of the decode replica', async () => {
    const same =
      '--shared-prefix-length 3000 --avg-input-length 3200 --length-distribution fixed --enable-prefix-caching'
    const { result } = await results(`--decider prefix-miss ${same}`)
    // The first ones bring the prefix; all that come after find it.
    expect(result!.decider!.prefill_requests).toBeLessThan(20)
    expect(result!.prefix_cache!.requests).toBe(200)
    const { prompt_tokens: prompt, hit_tokens: hits } = result!.prefix_cache!
    expect(hits / prompt).toBeGreaterThan(0.8)
  })

  it('relieves a prefill pool that cannot keep up', async () => {
    const rush = '--arrival-rate 80 --avg-input-length 2000'
    const { result: always } = await results(`${rush} --decider always`, {}, deployment)
    const { result: load } = await results(`${rush} --decider load`, {}, deployment)
    expect(load!.decider!.decode_requests).toBeGreaterThan(0)
    expect(load!.first_token_latency.mean!).toBeLessThan(always!.first_token_latency.mean!)
  })

  it('may come from a plug-in', async () => {
    const plugin = `export const deciders = [{ name: 'even', description: 'by length',
      create: () => ({ name: 'even', decide: (r) => (r.promptTokens % 2 ? 'prefill' : 'decode') }) }]`
    const { result } = await results('--plugin ./even.mjs --decider even', { 'even.mjs': plugin })
    expect(result!.decider!.decode_requests).toBeGreaterThan(50)
  })

  it.each([
    ['--decider nobody', 'decider.name'],
    ['--decider load --set decider.options.length=1', 'decider.options.length'],
    ['--decider load --set decider.options.max_prefill_queue_size=-1', 'max_prefill_queue_size'],
    ['--first-token-from nowhere', 'first_token_from'],
  ])('%s is refused', async (flags, path) => {
    const { code, stderr } = await results(flags)
    expect(code).toBe(2)
    expect(stderr).toContain(path)
    expect(stderr).not.toContain('    at ')
  })

  it.each([
    ['--decider load', 'decider'],
    ['--first-token-from decode', 'kv_transfer'],
  ])('%s is refused where nothing is handed over', async (flags, path) => {
    const { code, stderr } = await results(flags, {}, aggregated)
    expect(code).toBe(2)
    expect(stderr).toContain(`${path}: no`)
  })
})

describe('--first-token-from', () => {
  it('decode: the first token waits for the transfer and a decode step', async () => {
    const { result: prefill } = await results('')
    const { result: decode } = await results('--first-token-from decode')
    const mean = (of: SimulationResult | null) => of!.first_token_latency.mean!
    expect(mean(decode) - mean(prefill)).toBeGreaterThan(prefill!.kv_transfer!.time.mean!)
    expect(decode!.throughput.tokens_per_sec * decode!.measured_window.end_s).toBeCloseTo(
      prefill!.throughput.tokens_per_sec * prefill!.measured_window.end_s,
      3,
    )
  })
})
