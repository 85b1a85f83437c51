import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-capacity-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (line: string) => llmsim(line.split(' '), folder)

interface Answer {
  readonly capacity: number
  readonly exceeded_at: number | null
  readonly precise: boolean
  readonly runs: { readonly search: number; readonly replications: number }
  readonly confidence: {
    readonly mean: number
    readonly halfWidth: number
    readonly per_seed: (number | null)[]
    readonly unlimited_seeds: number[]
  } | null
  readonly curve: readonly { readonly load: number; readonly met: boolean }[]
}

interface Swept {
  readonly points: readonly {
    readonly values: Readonly<Record<string, number>>
    readonly figures: Readonly<Record<string, number>>
  }[]
}

async function capacity(line: string): Promise<Answer> {
  const { stdout, stderr, code } = await run(`capacity --executor in-process ${line} --format json`)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Answer
}

const lengths = '--avg-input-length 600 --avg-output-length 120'
const deployments = [
  ['a replica', `--model llama3-8b --xpu h100 --num-requests 800 ${lengths}`],
  [
    'another scheduler',
    `--model llama3-8b --xpu l40s --num-requests 600 --scheduler vllm-v1 ${lengths}`,
  ],
  [
    'prefill and decode apart',
    `--model llama3-8b --num-requests 1000 --disaggregated --xpu h100 --prefill-n-xpus 1 --decode-n-xpus 1 ${lengths}`,
  ],
] as const

describe('llmsim capacity', { timeout: 90_000 }, () => {
  it.each(deployments)(
    '%s: agrees with a fine scan within a hundredth, in at most 15 runs',
    async (_, deployment) => {
      const objectives = [
        ['first_token_latency.p99', 0.4],
        ['time_per_output_token.p95', 0.04],
      ] as const
      const found = await capacity(
        `${deployment} --slo-ttft p99=400ms --slo-tpot p95=40ms --replications 0`,
      )
      expect(found.precise).toBe(true)
      expect(found.runs.search).toBeLessThanOrEqual(15)
      // Every quarter of a percent, from three quarters of what was found to a third more.
      const rates = Array.from({ length: 230 }, (_, i) => found.capacity * 0.75 * 1.0025 ** i)
      const { stdout } = await run(
        `sweep --executor in-process ${deployment} --vary arrival-rate=${rates.join(',')} --format json`,
      )
      const { points } = JSON.parse(stdout) as Swept
      const met = points.map(({ figures }) =>
        objectives.every(([figure, limit]) => (figures[figure] ?? Infinity) <= limit),
      )
      const scanned = rates[met.indexOf(false) - 1] ?? NaN
      expect(Math.abs(found.capacity / scanned - 1)).toBeLessThanOrEqual(0.01)
    },
    60_000,
  )

  it('gives an interval over seeds, and the curve that it walked', async () => {
    const {
      confidence,
      curve,
      capacity: load,
    } = await capacity(
      `--model llama3-8b --xpu h100 --num-requests 300 --slo-ttft p95=300ms --replications 3`,
    )
    expect(confidence?.per_seed).toHaveLength(4)
    expect(confidence?.per_seed[0]).toBe(load)
    expect(confidence?.halfWidth).toBeGreaterThan(0)
    const loads = curve.map((each) => each.load)
    expect(loads).toEqual(loads.toSorted((a, b) => a - b))
    expect(curve.filter((each) => each.load <= load).every(({ met }) => met)).toBe(true)
  })

  it('finds a whole number of requests at a time', async () => {
    const line =
      '--model llama3-8b --xpu h100 --num-requests 400 --concurrency 4 --slo-tpot p95=12ms'
    const { capacity: found, exceeded_at } = await capacity(`${line} --replications 0`)
    expect(Number.isInteger(found)).toBe(true)
    for (const [load, met] of [
      [found, true],
      [exceeded_at ?? 0, false],
    ] as const) {
      const { stdout } = await run(
        `run ${line.replace(/ --slo.*/, '').replace('--concurrency 4', `--concurrency ${load}`)} --format json`,
      )
      const result = JSON.parse(stdout) as { time_per_output_token: { p95: number } }
      expect(result.time_per_output_token.p95 <= 0.012).toBe(met)
    }
  })

  it('says where no load meets the objectives', async () => {
    const { stdout, code } = await run(
      'capacity --executor in-process --model llama3-8b --xpu h100 --num-requests 50 --slo-ttft p99=1us',
    )
    expect(code).toBe(0)
    expect(stdout).toContain('No load meets TTFT p99')
  })

  it.each([
    ['--num-requests 300 --slo-tpot p99=100ms --replications 1', '1,000,000 requests/s meets TPOT'],
    ['--num-requests 50 --slo-ttft p99=2s --replications 1', '1,000,000 requests/s meets TTFT'],
    [
      '--of concurrency --num-requests 100 --slo-tpot p99=2s --replications 0',
      'Every load up to 100 requests at a time meets TPOT p99 <= 2 s',
    ],
  ])('says where every load meets the objectives: %s', async (line, told) => {
    const deployment = '--executor in-process --model llama3-8b --xpu h100'
    const { stdout, stderr, code } = await run(`capacity ${deployment} ${line}`)
    expect(code, stderr).toBe(0)
    expect(stdout).toContain(told)
    expect(stdout).not.toContain('interval over')
  })

  it('names the seeds that have no limit, and leaves them out of the mean', async () => {
    const line = '--model llama3-8b --xpu h100 --num-requests 20 --slo-ttft 500'
    const { confidence } = await capacity(line)
    const { per_seed: loads, unlimited_seeds: unlimited, mean } = confidence!
    expect(unlimited.length).toBeGreaterThan(0)
    for (const [seed, load] of loads.entries()) expect(load === null).toBe(unlimited.includes(seed))
    const limits = loads.filter((load) => load !== null)
    expect(mean).toBeCloseTo(limits.reduce((sum, load) => sum + load, 0) / limits.length, 6)
    const { stdout } = await run(`capacity --executor in-process ${line}`)
    expect(stdout).toContain(`interval over ${limits.length} of 5 seeds`)
    expect(stdout).toContain(
      `With seeds ${unlimited.join(', ')}: every load up to 1,000,000 requests/s meets them`,
    )
  })

  it('says between which loads too few runs leave it', async () => {
    const line =
      'capacity --executor in-process --model llama3-8b --xpu h100 --num-requests 300 --slo-ttft p99=400ms'
    const { stdout } = await run(`${line} --replications 0 --max-runs 8`)
    expect(stdout).toMatch(/^[\d.]+ requests\/s meet TTFT p99 <= 400 ms; [\d.]+ do not/)
  })

  it.each([
    ['--model llama3-8b --xpu h100', 'objectives'],
    ['--model llama3-8b --xpu h100 --slo-ttft fast', '--slo-ttft'],
    ['--model llama3-8b --xpu h100 --slo-ttft 1s --of everything', '--of'],
    ['--model llama3-8b --xpu h100 --slo-ttft 1s --precision 2', '--precision'],
    ['--model llama3-8b --xpu h100 --slo-ttft 1s --trace x.csv', 'workload.trace'],
    ['--model llama3-70b --xpu h100 --slo-ttft 1s', 'tensor_parallel_size'],
  ])('refuses %s', async (line, named) => {
    const { code, stderr } = await run(`capacity --executor in-process ${line}`)
    expect(code).toBe(2)
    expect(stderr).toContain(named)
  })
})
