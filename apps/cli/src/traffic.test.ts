import { type SimulationResult } from '@llmsim/contracts'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

interface Results extends SimulationResult {
  readonly scenario: { readonly workload: Record<string, unknown>; readonly slo: unknown }
}

const deployment = ['run', '--model', 'llama3-8b', '--xpu', 'h100', '--quiet', '--format', 'json']

async function results(...flags: string[]): Promise<Results> {
  const { code, stdout, stderr } = await llmsim([...deployment, ...flags], folder)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout) as Results
}

const set = (field: string, value: unknown): string[] => [
  '--set',
  `workload.${field}=${JSON.stringify(value)}`,
]

async function refusal(...flags: string[]): Promise<string> {
  const { code, stderr } = await llmsim([...deployment, ...flags], folder)
  expect(code).toBe(2)
  return stderr
}

describe('traffic of a scenario', () => {
  const classes = [
    { name: 'chat', weight: 3, input_lengths: { mean: 100 }, output_lengths: { mean: 20 } },
    {
      name: 'batch',
      tenant: 'night',
      joint_lengths: { joint: 'pairs', pairs: [{ input: 900, output: 5 }] },
      slo: { ttft_ms: 1e6 },
    },
  ]

  it('mixes classes and tenants, and resolves to itself', async () => {
    const flags = [
      ...set('classes', classes),
      ...set('tenants', [{ name: 'a' }, { name: 'b', weight: 2 }]),
      ...set('num_requests', 400),
      ...set('load', {
        shape: 'steps',
        steps: [
          { duration_s: 10, rate: 5 },
          { duration_s: 5, rate: 40 },
        ],
      }),
    ]
    const first = await results(...flags)
    const [chat, batch] = first.classes!
    expect(chat!.completed_requests + batch!.completed_requests).toBe(400)
    expect(chat!.completed_requests / 400).toBeCloseTo(0.75, 1)
    expect(batch!.goodput).toMatchObject({ attainment: 1 })
    expect(chat!.goodput).toBeNull()
    expect(first.tenants!.map(({ name }) => name)).toEqual(['a', 'b', 'night'])
    const night = first.tenants!.find(({ name }) => name === 'night')
    expect(night!.completed_requests).toBe(batch!.completed_requests)
    writeFileSync(path.join(folder, 'first.json'), JSON.stringify(first))
    const { stdout } = await llmsim(
      ['run', '--config', 'first.json', '--quiet', '--format', 'json'],
      folder,
    )
    expect(JSON.parse(stdout)).toEqual(first)
  })

  it('lets the calls of a session follow its answers', async () => {
    const { total_requests: total, completed_requests: completed } = await results(
      ...set('sessions', { turns: { distribution: 'fixed', mean: 4 }, think_time_s: 2 }),
      ...set('num_requests', 200),
      '--avg-input-length=50',
      '--arrival-rate=2',
    )
    expect([total, completed]).toEqual([200, 200])
  })

  it('draws Weibull gaps and histograms', async () => {
    const { throughput } = await results(
      ...['--arrival-process', 'weibull', '--cv', '2', '--num-requests', '300'],
      ...set('input_lengths', { distribution: 'histogram', bins: [{ tokens: 64, weight: 1 }] }),
      ...set('output_lengths', { distribution: 'fixed', mean: 8 }),
    )
    expect(throughput.input_tokens_per_sec / throughput.tokens_per_sec).toBeCloseTo(8, 9)
  })

  it.each([
    [
      set('sessions', { turns: { mean: 2 }, think_time_s: 1 }).concat('--concurrency=4'),
      'sessions are a closed loop',
    ],
    [set('classes', [{ name: 'a' }, { name: 'a' }]), 'has one name twice'],
    [
      set('load', { shape: 'curve', points: [{ at_s: 0, rate: 1 }] }).concat('--arrival-rate=1'),
      'the load says it',
    ],
    [set('input_lengths', { mean: 9 }).concat('--max-input-length=20'), 'input_lengths says it'],
    [['--speed=2'], 'is for a trace'],
    [set('load', { shape: 'diurnal', mean_rate: 1, amplitude: 2 }), 'workload.load.amplitude'],
    [['--window=5..2'], '--window: is no window'],
    [['--slo-ttft=soon'], '--slo-ttft: is no objective'],
  ])('refuses what does not go together: %j', async (flags, message) => {
    expect(await refusal(...flags)).toContain(message)
  })

  it('takes limits of requests and of quantiles in any unit', async () => {
    const { scenario, objectives } = await results(
      '--slo-ttft=1s,p99.9=2s,p50=300',
      '--slo-e2e=1min',
      '--num-requests=20',
    )
    expect(scenario.slo).toEqual({
      ttft_ms: 1000,
      ttft_percentiles_ms: { p999: 2000, p50: 300 },
      e2e_ms: 60000,
    })
    expect(objectives!.map(({ metric, quantile, met }) => [metric, quantile, met])).toEqual([
      ['ttft', null, true],
      ['e2e', null, true],
      ['ttft', 0.999, true],
      ['ttft', 0.5, true],
    ])
  })
})

describe('a changed trace', () => {
  const rows = Array.from({ length: 100 }, (_, i) => `${i},${i < 10 ? 5000 : 100},10`)
  writeFileSync(
    path.join(folder, 'trace.csv'),
    `arrived_at,num_prefill_tokens,num_decode_tokens\n${rows.join('\n')}\n`,
  )
  const trace = async (...flags: string[]): Promise<Results> =>
    await results('--trace=trace.csv', ...flags)

  it('is cut to a window, sped up and scaled', async () => {
    expect((await trace('--window=20..50')).total_requests).toBe(30)
    expect((await trace('--speed=10')).simulation_time).toBeLessThan(11)
    expect((await trace('--rate-scale=2')).total_requests).toBe(200)
  })

  it('says how many requests it cut or dropped', async () => {
    const cut = await trace('--max-total-length=1000')
    expect([cut.total_requests, cut.warnings[0]]).toEqual([
      100,
      '10 requests of the trace were cut, since they were too long',
    ])
    const dropped = await trace('--max-total-length=1000', '--over-long=drop')
    expect([dropped.total_requests, dropped.warnings[0]]).toEqual([
      90,
      '10 requests of the trace were left out, since they were too long',
    ])
  })
})

const published = fileURLToPath(new URL('../../../../shared/traces/', import.meta.url))

describe.skipIf(!existsSync(published))(
  'published traces (skipped when there is no folder ../shared/traces)',
  () => {
    const inside = (sub: string, ending: RegExp): string[] =>
      existsSync(path.join(published, sub))
        ? readdirSync(path.join(published, sub))
            .filter((name) => ending.test(name) && !/_(timeseries|requests)\./.test(name))
            .map((name) => path.join(sub, name))
        : []
    const names = [
      ...inside('.', /\.(csv|jsonl)$|^weka$/),
      ...inside('format_samples', /\.csv$/),
      ...inside('llmservingsim', /\.jsonl$/),
      ...inside('servegen', /\.csv$|^reason/),
    ]

    it.each(names)('replays %s by its path alone', async (name) => {
      const { total_requests: total } = await results(
        `--trace=${path.join(published, name)}`,
        '--num-requests=50',
        '--max-input-length=4000',
      )
      expect(total).toBeGreaterThan(0)
      expect(total).toBeLessThanOrEqual(50)
    })
  },
)
