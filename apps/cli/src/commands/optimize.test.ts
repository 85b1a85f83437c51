import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-optimize-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (line: string) => llmsim(line.split(' '), folder)
const small =
  'optimize --executor in-process --model llama3-8b --requests 100 --rounds 2 --replications 2 ' +
  '--avg-input-length 500 --avg-output-length 50 --arrival-rate 6 --tp-sizes 1,2 --pp-sizes 1'

interface Found {
  readonly label: string
  readonly devices: number
  readonly objectives: Readonly<Record<string, number>>
  readonly command: string
  readonly result: {
    readonly throughput: unknown
    readonly simulation_time: number
    readonly goodput: unknown
  }
  readonly engines: readonly {
    readonly engine: string
    readonly of: string
    readonly command: string
  }[]
}

interface Answer {
  readonly evaluated: number
  readonly pruned: number
  readonly best: Found | null
  readonly frontier: readonly Found[]
  readonly why: readonly string[]
}

async function optimize(line: string): Promise<Answer> {
  const { stdout, stderr, code } = await run(`${small} ${line} --format json`)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Answer
}

describe('llmsim optimize', { timeout: 90_000 }, () => {
  it('gives a line of llmsim run that makes the result of the best', async () => {
    const { best } = await optimize(
      '--accelerators h100,l40s --max-devices 3 --slo-ttft p99=500ms --slo-tpot p99=40ms',
    )
    expect(best?.command).toMatch(/^llmsim run /)
    expect(best?.command).toContain('--slo-ttft p99=500ms --slo-tpot p99=40ms')
    const again = await run(`${best?.command.replace('llmsim ', '') ?? ''} --format json`)
    expect(again.code, again.stderr).toBe(0)
    const result = JSON.parse(again.stdout) as Found['result']
    expect(result.throughput).toEqual(best?.result.throughput)
    expect(result.simulation_time).toBe(best?.result.simulation_time)
  })

  it('names the trace of a scenario in another folder as it lies from here', async () => {
    mkdirSync(path.join(folder, 'inner'))
    const inner = (name: string) => path.join(folder, 'inner', name)
    writeFileSync(
      inner('t.csv'),
      'arrived_at,num_prefill_tokens,num_decode_tokens\n0,10,5\n1.5,20,1\n',
    )
    writeFileSync(inner('s.yaml'), 'model: tiny-1b\nworkload: {trace: t.csv}')
    const { stdout, stderr } = await run(
      'optimize inner/s.yaml --executor in-process --accelerators h100 --max-devices 1 --replications 0 --rounds 1 --format json',
    )
    const { best } = JSON.parse(stdout || stderr) as Answer
    expect(best?.command).toContain('--trace inner/t.csv')
    const again = await run(`${best?.command.replace('llmsim ', '') ?? ''} --format json`)
    expect(again.code, again.stderr).toBe(0)
  })

  it.each([
    ['--slo-ttft p99=1s', '--slo-ttft p99=1s'],
    ['--slo-ttft 1500', '--slo-ttft p99=1.5s'],
    [
      '--slo-ttft p99=500ms,p50=0.25s --slo-e2e max=30s',
      '--slo-ttft p99=500ms,p50=250ms --slo-e2e 30s',
    ],
    // Goodput counts requests that are within the limits themselves.
    ['--slo-ttft p99=500ms --objective goodput', '--slo-ttft 500ms,p99=500ms'],
    [
      '--set slo.ttft_ms=600 --set slo.tpot_percentiles_ms.p999=50',
      '--slo-ttft 600ms --slo-tpot p99.9=50ms',
    ],
  ])('repeats in that line what was asked: %s', async (asked, told) => {
    const { best } = await optimize(
      `--accelerators h100 --max-devices 1 --batch-sizes 64 --batched-tokens 8192 ${asked}`,
    )
    expect(best?.command).toContain(` ${told} --`)
    const line = best?.command.replace('llmsim ', '') ?? ''
    const again = await run(`${line} --format json`)
    expect(again.code, again.stderr).toBe(0)
    const result = JSON.parse(again.stdout) as Found['result']
    expect(result.throughput).toEqual(best?.result.throughput)
    if (asked.includes('goodput')) expect(result.goodput).toEqual(best?.result.goodput)
  })

  it('gives the start flags of each engine, for each pool', async () => {
    const { best } = await optimize(
      '--accelerators h100 --max-devices 3 --serving disaggregated --batch-sizes 48 --batched-tokens 4096 ' +
        '--dtypes fp8 --kv-cache-dtypes fp8 --slo-ttft p99=1s',
    )
    const lines =
      best?.engines.map(({ engine, of, command }) => `${engine} ${of}: ${command}`) ?? []
    expect(lines).toHaveLength(6)
    expect(lines[0]).toContain('vllm serve meta-llama/')
    for (const flag of [
      '--max-num-seqs 48',
      '--max-num-batched-tokens 4096',
      '--quantization fp8',
      '--kv-cache-dtype fp8',
      'NixlConnector',
    ])
      expect(lines[0]).toContain(flag)
    expect(lines[1]).toContain('--disaggregation-mode prefill')
    expect(lines[4]).toContain('--disaggregation-mode decode')
    expect(lines[2]).toMatch(/trtllm-serve .*--max_batch_size 48 --max_num_tokens 4096/)
  })

  it('says why the runner-up lost, and what a better one missed', async () => {
    const line =
      '--accelerators h100,l40s --max-devices 2 --serving aggregated --slo-tpot p99=20ms --batch-sizes 64'
    const { why, best } = await optimize(line)
    expect(best?.label).toContain('h100')
    expect(why.join('\n')).toMatch(/Better in \$\/1M .*l40s.*TPOT p99 is [\d.]+ of its limit/)
    const { stdout } = await run(`${small} ${line} --output answer.json`)
    for (const part of ['Best: ', 'llmsim run --model llama3-8b', 'vllm serve', 'simulated'])
      expect(stdout).toContain(part)
    expect(JSON.parse(readFileSync(path.join(folder, 'answer.json'), 'utf8'))).toHaveProperty(
      'best',
    )
  })

  it('gives a frontier of several objectives, from the cheapest to the fastest', async () => {
    const { frontier } = await optimize(
      '--accelerators h100,l40s --max-devices 4 --objective cost,ttft',
    )
    expect(frontier.length).toBeGreaterThan(2)
    for (const [index, { objectives }] of frontier.entries()) {
      const before = frontier[index - 1]?.objectives
      if (before === undefined) continue
      expect(objectives.cost).toBeGreaterThanOrEqual(before.cost ?? 0)
      expect(objectives.ttft).toBeLessThanOrEqual(before.ttft ?? Infinity)
    }
  })

  it('says so where no deployment meets the objectives', async () => {
    const { stdout, code } = await run(
      `${small} --accelerators l40s --max-devices 1 --slo-tpot p99=1ms`,
    )
    expect(code).toBe(0)
    expect(stdout).toContain('No deployment meets TPOT p99')
  })

  it.each([
    ['', '--accelerators'],
    ['--accelerators nothing', '--accelerators'],
    ['--accelerators h100 --objective beauty', '--objective'],
    ['--accelerators h100 --objective goodput-per-device', '--objective'],
    ['--accelerators h100 --max-price 0', '--max-price'],
    ['--accelerators h100 --max-devices 0', '--max-devices'],
    ['--accelerators h100 --serving elsewhere', '--serving'],
    ['--accelerators h100 --schedulers none', '--schedulers'],
    ['--accelerators h100 --dtypes fp9', 'engine.dtype'],
  ])('refuses %s', async (line, named) => {
    const { code, stderr } = await run(`${small} ${line}`.trim())
    expect(code, stderr).toBe(2)
    expect(stderr).toContain(named)
  })
})
