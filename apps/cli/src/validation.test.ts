import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'
import { measuredEngines } from './validation/engine-defaults.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-validate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Invented rows: two that can be simulated, one that cannot, one that contradicts physics. */
const points = `id,model,weight_dtype,hardware,tp,engine,engine_version,scenario,batch,concurrency,num_requests,input_len,output_len,length_range_ratio,output_tokens_per_s,ttft_ms_mean,tpot_ms_mean,e2e_ms_mean,notes
A-1,llama3-8b,bf16,h100-80gb,1,vllm,0.12.0,closed,,4,12,256,32,0.8,,30,7,,invented
A-2,llama3-8b,fp16,a100-80gb,1,trtllm,0.9.0,static,8,,,256,32,1,900,,,350,invented
A-3,no-such-model,bf16,h100-80gb,1,vllm,0.12.0,closed,,4,12,256,32,0.8,,30,7,,invented
A-4,llama3-70b,bf16,h100-80gb,8,sglang,0.5.1,closed,,4,12,256,32,1,,60,1,,invented
`
writeFileSync(path.join(folder, 'points.csv'), points)

const served = ['--model', 'llama3-8b', '--xpu', 'h100-80gb']

interface Printed {
  rows: { id: string; metric: string; simulated: number }[]
  skipped: { id: string; reason: string }[]
  suspect: { id: string }[]
  summary: { measurements: number; simulated: number; by_metric: { metric: string }[] }
}

async function json(...flags: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await llmsim(
    ['validate', 'points.csv', '--format', 'json', ...flags],
    folder,
  )
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Printed
}

describe('llmsim validate', () => {
  it('simulates what it can, names the rest, and lists what contradicts physics', async () => {
    const { rows, skipped, summary, suspect } = await json()
    expect(rows.map(({ id, metric }) => `${id} ${metric}`)).toEqual([
      'A-1 ttft_ms_mean',
      'A-1 tpot_ms_mean',
      'A-2 output_tokens_per_s',
      'A-2 e2e_ms_mean',
      'A-4 ttft_ms_mean',
      'A-4 tpot_ms_mean',
    ])
    for (const row of rows) expect(row.simulated).toBeGreaterThan(0)
    expect(skipped.map(({ id }) => id)).toEqual(['A-3'])
    expect(skipped[0]?.reason).toContain('unknown model')
    expect(summary).toMatchObject({ measurements: 4, simulated: 3 })
    expect(suspect.map(({ id }) => id)).toEqual(['A-4'])
  })

  it('chooses rows by column and number, and the cost model', async () => {
    const chosen = await json('--filter', 'engine=trtllm', '--cost-model', 'roofline')
    expect(new Set(chosen.rows.map(({ id }) => id))).toEqual(new Set(['A-2']))
    expect(await json('--filter', 'engine=tensorrt-llm', '--cost-model', 'roofline')).toEqual(
      chosen,
    )
    expect((await json('--limit', '1')).summary.measurements).toBe(1)
  })

  it('gives the same on any number of threads', async () => {
    expect(await json('--jobs', '1')).toEqual(await json('--jobs', '3'))
  })

  it('prints a table, CSV and a page that loads nothing', async () => {
    const table = await llmsim(['validate', 'points.csv'], folder)
    expect(table.stdout).toContain('ACCELERATOR')
    expect(table.stdout).toContain('3 of 4 measurements simulated, 1 skipped')
    const csv = await llmsim(['validate', 'points.csv', '--format', 'csv'], folder)
    expect(csv.stdout.split('\n')[0]).toBe('id,metric,measured,simulated,relative_error,saturated')
    await llmsim(['validate', 'points.csv', '--html', 'scatter.html'], folder)
    const page = readFileSync(path.join(folder, 'scatter.html'), 'utf8')
    expect(page.match(/<svg/g)).toHaveLength(4)
    expect(page).not.toMatch(/(src|href)=|NaN|Infinity/)
    const quality = await llmsim(['validate', 'points.csv', '--quality'], folder)
    expect(quality.stdout).toContain('A-4')
  })

  it.each([
    [['validate', 'nowhere.csv'], 'nowhere.csv: cannot be read'],
    [['validate', 'points.csv', '--jobs', '0'], '--jobs: is out of range'],
    [['validate', 'points.csv', '--cost-model', 'fixed'], '--cost-model'],
    [['validate', 'points.csv', '--format', 'xml'], '--format'],
    [['validate', 'points.csv', '--filter', 'colour'], '--filter: is no column and its value'],
    [['validate', 'points.csv', '--filter', 'colour=red'], '--filter: unknown column'],
    [['validate', 'points.csv', '--filter', 'hardwar=h100-80gb'], 'did you mean hardware?'],
    [
      ['validate', 'points.csv', '--filter', 'hardware=h1000'],
      'no measurement matches; given "hardware=h1000"\n  accepted: hardware=VALUE, of h100-80gb, a100-80gb',
    ],
    [['validate', 'points.csv', '--filter', 'request_rate=2'], 'no measurement has request_rate'],
    [
      ['validate', 'points.csv', '--filter', 'engine=trtllm', '--filter', 'tp=8'],
      'no measurement matches all of them',
    ],
    [['validate', 'bad.csv'], 'bad.csv: line 2: tp'],
    [['replay-check', 'log-only.jsonl'], '--model: is required'],
    [
      ['replay-check', 'log-only.jsonl', '--model', 'llama3-8', '--xpu', 'h100'],
      '--model: unknown',
    ],
    [['replay-check', 'log-only.jsonl', ...served, '--engine', 'vlm'], 'did you mean vllm?'],
    [['replay-check', 'log-only.jsonl', ...served, '--engine', 'vlm'], 'error: --engine: its'],
    [['replay-check', 'log-only.jsonl', ...served, '--tp', '3'], 'error: --tp: '],
  ])('%j is refused with what is at fault', async (argv, message) => {
    writeFileSync(path.join(folder, 'bad.csv'), points.replace(',1,vllm', ',one,vllm'))
    writeFileSync(path.join(folder, 'log-only.jsonl'), `${logLine(0)}\n`)
    const { code, stderr } = await llmsim(argv, folder)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

const compiled = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const worker = fileURLToPath(new URL('../dist/validation/validation-worker.js', import.meta.url))

it.skipIf(!existsSync(worker))('gives the same text on one thread and on three', () => {
  const [head = '', row = ''] = points.split('\n')
  const rows = Array.from({ length: 50 }, (_, index) => row.replace('A-1', `B-${index}`))
  writeFileSync(path.join(folder, 'many.csv'), [head, ...rows].join('\n'))
  const run = (jobs: string): string =>
    execFileSync(
      process.execPath,
      [compiled, 'validate', 'many.csv', '--format', 'csv', '--jobs', jobs],
      { cwd: folder, encoding: 'utf8' },
    )
  const alone = run('1')
  expect(alone.split('\n')).toHaveLength(1 + 2 * 50 + 1)
  expect(run('3')).toBe(alone)
})

function logLine(second: number): string {
  return JSON.stringify({
    input_toks: 200,
    output_toks: 20,
    queued_ts: 1000 + second,
    scheduled_ts: 1000 + second,
    first_token_ts: 1000.03 + second,
    last_token_ts: 1000.2 + second,
  })
}

it('names in the help of replay-check every engine that it knows, and knows the name of run', async () => {
  const { stdout } = await llmsim(['replay-check', '--help'], folder)
  for (const engine of measuredEngines) expect(stdout).toContain(engine)
  writeFileSync(path.join(folder, 'short.jsonl'), `${logLine(0)}\n${logLine(1)}\n`)
  const replay = (engine: string) =>
    llmsim(['replay-check', 'short.jsonl', ...served, '--engine', engine], folder)
  const { code, stdout: text } = await replay('tensorrt-llm')
  expect(code).toBe(0)
  expect((await replay('trtllm')).stdout).toBe(text)
})

it('replays a log and compares its distributions', async () => {
  const log = Array.from({ length: 20 }, (_, index) => logLine(index / 10)).join('\n')
  writeFileSync(path.join(folder, 'log.jsonl'), log)
  const flags = ['--model', 'llama3-8b', '--xpu', 'h100-80gb', '--num-gpu-blocks-override', '2000']
  const { code, stdout, stderr } = await llmsim(
    ['replay-check', 'log.jsonl', ...flags, '--format', 'json'],
    folder,
  )
  expect([code, stderr]).toEqual([0, ''])
  const printed = JSON.parse(stdout) as {
    requests: number
    latencies: {
      latency: string
      ks_distance: number
      statistics: { statistic: string; measured_ms: number; simulated_ms: number }[]
    }[]
  }
  expect(printed.requests).toBe(20)
  expect(printed.latencies.map(({ latency }) => latency)).toEqual(['ttft', 'tpot', 'e2e'])
  for (const { ks_distance, statistics } of printed.latencies) {
    expect(ks_distance).toBeGreaterThanOrEqual(0)
    expect(ks_distance).toBeLessThanOrEqual(1)
    expect(statistics.map(({ statistic }) => statistic)).toEqual(['mean', 'p50', 'p90', 'p99'])
  }
  expect(printed.latencies[0]?.statistics[0]?.measured_ms).toBeCloseTo(30, 3)
})
