import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-whatif-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (line: string) => llmsim(line.split(' '), folder)
const base =
  'whatif --executor in-process --model llama3-8b --xpu h100 --num-requests 200 --arrival-rate 5'

interface Answer {
  readonly base: number
  readonly inputs: readonly {
    readonly field: string
    readonly low: { readonly input: unknown; readonly figure: number | null }
    readonly high: { readonly input: unknown; readonly figure: number | null }
    readonly swing: number
  }[]
}

async function whatif(line: string): Promise<Answer> {
  const { stdout, stderr, code } = await run(`${base} ${line} --format json`)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Answer
}

describe('llmsim whatif', { timeout: 90_000 }, () => {
  it('finds that decoding waits for memory, not for compute', async () => {
    const { inputs, base: tpot } = await whatif('--figure tpot-p50')
    const swings = Object.fromEntries(inputs.map(({ field, swing }) => [field, swing / tpot]))
    const bandwidth = swings['cluster.xpu.memory_bandwidth_bytes_per_s'] ?? 0
    expect(bandwidth).toBeGreaterThan(0.2)
    expect(bandwidth).toBeGreaterThan(4 * (swings['cluster.xpu.peak_flop_per_s'] ?? 1))
    expect(inputs.map(({ swing }) => swing)).toEqual(
      inputs.map(({ swing }) => swing).toSorted((a, b) => b - a),
    )
  })

  it('moves the cost as the price moves', async () => {
    const { inputs, base: cost } = await whatif('--figure cost --by 0.5')
    const price = inputs.find(({ field }) => field.endsWith('rental_usd_per_hour'))
    expect((price?.low.figure ?? 0) / cost).toBeCloseTo(0.5, 9)
    expect((price?.high.figure ?? 0) / cost).toBeCloseTo(1.5, 9)
  })

  it('takes inputs that are named, as a run with them would', async () => {
    const { inputs } = await whatif(
      '--figure ttft-p99 --vary arrival-rate=2,9 --vary scheduler.name=greedy,vllm-v1',
    )
    expect(inputs.map(({ field }) => field).sort()).toEqual([
      'scheduler.name',
      'workload.arrival_rate',
    ])
    const rate = inputs.find(({ field }) => field === 'workload.arrival_rate')
    const { stdout } = await run(
      'run --model llama3-8b --xpu h100 --num-requests 200 --arrival-rate 9 --format json',
    )
    const result = JSON.parse(stdout) as { first_token_latency: { p99: number } }
    expect(rate?.high.figure).toBe(result.first_token_latency.p99)
  })

  it('draws the same chart each time', async () => {
    const line = `${base} --figure e2e-p99 --output a.svg --output a.html --quiet`
    const first = await run(line)
    expect(first.stdout).toMatch(/^E2E p99 is /)
    const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8')
    const before = [read('a.svg'), read('a.html')]
    await run(line)
    expect([read('a.svg'), read('a.html')]).toEqual(before)
    expect(before[0]).toContain('<svg')
    expect(before[1]).toContain('memory bandwidth')
  })

  it.each([
    ['--figure beauty', '--figure'],
    ['--by 2', '--by'],
    ['--vary arrival-rate=1,2,3', '--vary'],
    ['--vary arival-rate=1,2', 'did you mean arrival-rate?'],
    ['--output a.txt', '--output'],
    ['--figure goodput', 'goodput'],
  ])('refuses %s', async (line, named) => {
    const { code, stderr } = await run(`${base} ${line}`)
    expect(code).toBe(2)
    expect(stderr).toContain(named)
  })
})
