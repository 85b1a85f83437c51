import { TimeSeries } from '@llmsim/contracts'
import { parquetReadObjects } from 'hyparquet'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (flags: string) =>
  llmsim(
    `run --model llama3-8b --xpu h100 --num-requests 40 --arrival-rate 8 ${flags}`.split(' '),
    folder,
  )

it('writes the requests, the run over time and the trace', async () => {
  const { code, stderr } = await run(
    '--requests-output r.parquet --timeseries-output t.csv --chrome-trace c.json --output o.json --time-series',
  )
  expect(code).toBe(0)
  expect(stderr).toBe(
    'results written to o.json\nwritten: r.parquet\nwritten: t.csv\nwritten: c.json\n',
  )
  expect(readdirSync(folder).sort()).toEqual(['c.json', 'o.json', 'r.parquet', 't.csv'])
  const results = JSON.parse(readFileSync(path.join(folder, 'o.json'), 'utf8')) as {
    first_token_latency: { max: number; mean: number }
    time_series: unknown
    distributions: { first_token_latency: number[] }
  }
  const file = new Uint8Array(readFileSync(path.join(folder, 'r.parquet'))).buffer
  const requests = (await parquetReadObjects({ file })) as { ttft_s: number; request: number }[]
  expect(requests.map(({ request }) => request).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 40 }, (_, i) => i),
  )
  expect(Math.max(...requests.map(({ ttft_s }) => ttft_s))).toBe(results.first_token_latency.max)
  expect(results.distributions.first_token_latency.at(-1)).toBe(results.first_token_latency.max)
  const series = TimeSeries.parse(results.time_series)
  const lines = readFileSync(path.join(folder, 't.csv'), 'utf8').trim().split('\n')
  expect(lines).toHaveLength(series.arrivals_per_sec.length + 1)
})

it('refuses a table of an unknown kind, and writes nothing', async () => {
  const { code, stderr } = await run('--requests-output requests.txt')
  expect(code).toBe(2)
  expect(stderr).toContain('--requests-output: has no known ending')
  expect(existsSync(path.join(folder, 'requests.txt'))).toBe(false)
})

it('leaves no file of a run that fails', async () => {
  const { code } = await run(
    '--num-gpu-blocks-override 1 --concurrency 2 --requests-output gone.csv --chrome-trace gone.json',
  )
  expect(code).toBe(2)
  expect(readdirSync(folder).filter((name) => name.startsWith('gone'))).toEqual([])
})
