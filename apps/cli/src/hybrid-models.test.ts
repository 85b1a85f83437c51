/** Models of which most layers keep a state in place of a KV cache. */
import type { SimulationResult } from '@llmsim/contracts'
import { resultDifferences } from '@llmsim/conformance'
import { expect, it } from 'vitest'
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

it('refuses a prefix cache, which a state cannot be cut to', async () => {
  const { code, stderr } = await llmsim(
    `--model qwen3-next-80b-a3b --xpu h100-80gb --tp 4 --enable-prefix-caching ${load}`.split(' '),
    '.',
  )
  expect(code).toBe(2)
  expect(stderr).toContain('prefix')
})
