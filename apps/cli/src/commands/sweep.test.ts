import { parquetReadObjects } from 'hyparquet'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-sweep-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (line: string) => llmsim(line.split(' '), folder)
const text = (file: string): string => readFileSync(path.join(folder, file), 'utf8')
const small = 'sweep --model llama3-8b --xpu h100 --num-requests 60 --executor in-process'

interface Sweep {
  readonly fields: readonly string[]
  readonly points: readonly {
    readonly values: Readonly<Record<string, unknown>>
    readonly figures?: Readonly<Record<string, number | null>>
    readonly problem?: string
  }[]
}

async function sweep(line: string): Promise<Sweep> {
  const { stdout, stderr, code } = await run(`${small} ${line} --format json`)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Sweep
}

describe('llmsim sweep', { timeout: 90_000 }, () => {
  it('runs the cross product, each point as llmsim run would', async () => {
    const { fields, points } = await sweep(
      '--vary arrival-rate=2..6:2 --vary scheduler.name=greedy,vllm-v1',
    )
    expect(fields).toEqual(['workload.arrival_rate', 'scheduler.name'])
    expect(points.map(({ values }) => Object.values(values))).toEqual([
      [2, 'greedy'],
      [2, 'vllm-v1'],
      [4, 'greedy'],
      [4, 'vllm-v1'],
      [6, 'greedy'],
      [6, 'vllm-v1'],
    ])
    const single = await run(
      'run --model llama3-8b --xpu h100 --num-requests 60 --arrival-rate 4 --scheduler vllm-v1 --format json',
    )
    const result = JSON.parse(single.stdout) as { throughput: { tokens_per_sec: number } }
    expect(points[3]?.figures?.['throughput.tokens_per_sec']).toBe(result.throughput.tokens_per_sec)
  })

  it('says of a point why it has no figures, and goes on', async () => {
    const { stdout, stderr, code } = await run(
      `${small.replace('llama3-8b', 'llama3-70b')} --vary tp=1,8 --figures throughput`,
    )
    expect(code).toBe(0)
    expect(stdout).toContain('parallelism.tensor_parallel_size')
    expect(stdout.split('\n')).toHaveLength(4)
    expect(stderr).toContain('1 of 2 points have no figures')
  })

  it('takes fields out that contradict the varied one, as its flag does', async () => {
    const { points } = await sweep('--arrival-rate 3 --vary concurrency=1,8')
    expect(points.every(({ problem }) => problem === undefined)).toBe(true)
  })

  it('samples ranges, the same for the same seed', async () => {
    const line = '--vary arrival-rate=1..9 --vary tp=1,2 --samples 8 --sampling lhs'
    const one = await sweep(line)
    expect(one).toEqual(await sweep(line))
    expect(one).not.toEqual(await sweep(`${line} --sampling-seed 1`))
    const strips = one.points.map(({ values }) =>
      Math.floor(Number(values['workload.arrival_rate']) - 1),
    )
    expect(strips.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('reads what it varies from a file, which flags override', async () => {
    writeFileSync(
      path.join(folder, 'study.yaml'),
      'model: llama3-8b\ncluster: {xpu: h100}\nworkload: {num_requests: 30}\n' +
        'sweep:\n  vary:\n    workload.arrival_rate: 1..3:1\n    scheduler.max_batch_size: [4, 8]\n',
    )
    const line = 'sweep study.yaml --executor in-process --format json'
    const all = JSON.parse((await run(line)).stdout) as Sweep
    expect(all.points).toHaveLength(6)
    const some = JSON.parse((await run(`${line} --vary arrival-rate=5`)).stdout) as Sweep
    expect(some.points.map(({ values }) => values['workload.arrival_rate'])).toEqual([5, 5])
  })

  it('writes CSV and Parquet with the same figures', async () => {
    const line = `${small} --vary tp=1,2 --vary scheduler.name=greedy,vllm-v1`
    expect((await run(`${line} --output a.csv --output a.parquet`)).code).toBe(0)
    const [head = '', ...rows] = text('a.csv').trimEnd().split('\n')
    const bytes = readFileSync(path.join(folder, 'a.parquet'))
    const objects = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    })
    expect(objects).toHaveLength(4)
    for (const [row, object] of objects.entries())
      expect(head.split(',').map((name) => String(object[name] ?? ''))).toEqual(
        rows[row]?.split(','),
      )
  })

  it('draws its points as parallel coordinates, in a page that fetches nothing', async () => {
    const line = `${small} --vary tp=1,2 --vary scheduler.name=greedy,vllm-v1 --vary arrival-rate=1..3:1`
    expect((await run(`${line} --output a.html`)).code).toBe(0)
    const page = text('a.html')
    expect(page).toContain('<svg')
    for (const name of ['arrival-rate', 'scheduler', 'TTFT p99']) expect(page).toContain(name)
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
    expect((await run(`${line} --output b.html`)).code).toBe(0)
    expect(text('b.html')).toBe(page)
  }, 90_000)

  it('writes the same bytes after a cut, wherever it was', async () => {
    const line = `${small} --vary arrival-rate=1..6:1 --vary tp=1,2`
    expect((await run(`${line} --journal whole.jsonl --output whole.csv`)).code).toBe(0)
    const { length } = text('whole.jsonl')
    for (const share of [0.01, 0.3, 0.77]) {
      writeFileSync(path.join(folder, 'cut.jsonl'), text('whole.jsonl'))
      truncateSync(path.join(folder, 'cut.jsonl'), Math.round(share * length))
      const { code, stderr } = await run(
        `${line} --journal cut.jsonl --resume --output resumed.csv --output resumed.json`,
      )
      expect(code, stderr).toBe(0)
      expect(text('resumed.csv')).toBe(text('whole.csv'))
      expect(text('cut.jsonl')).toBe(text('whole.jsonl'))
    }
  })

  it('answers from the cache what any study has simulated', async () => {
    const line = `${small} --cache cache --vary tp=1,2`
    expect((await run(`${line} --output first.csv`)).code).toBe(0)
    const before = readdirSync(path.join(folder, 'cache'))
    expect((await run(`${line} --output second.csv`)).code).toBe(0)
    expect(text('second.csv')).toBe(text('first.csv'))
    // Nothing new was simulated, so nothing was added.
    expect(readdirSync(path.join(folder, 'cache'))).toEqual(before)
  })

  it('is joined from its parts by llmsim merge', async () => {
    const line = `${small} --vary arrival-rate=1..7:1`
    expect((await run(`${line} --output alone.csv`)).code).toBe(0)
    for (const part of [1, 2, 3])
      expect((await run(`${line} --shard ${part}/3 --journal part-${part}.jsonl`)).code).toBe(0)
    const merged = await run('merge part-3.jsonl part-1.jsonl part-2.jsonl --output merged.csv')
    expect(merged.code, merged.stderr).toBe(0)
    expect(text('merged.csv')).toBe(text('alone.csv'))
    const lacking = await run('merge part-1.jsonl part-3.jsonl')
    expect(lacking.code).toBe(2)
    expect(lacking.stderr).toContain('2 of 7 points are missing')
  })

  it.each([
    ['', '--vary'],
    ['--vary arrival-rate=', '--vary'],
    ['--vary workload.arrivalrate=1,2', 'workload.arrivalrate'],
    ['--vary arival-rate=2..8:2', 'did you mean arrival-rate?'],
    ['--vary random_sed=1,2', 'did you mean random_seed?'],
    ['--vary arrival-rate=1..2', 'without a step'],
    ['--vary arrival-rate=-1,2', 'workload.arrival_rate'],
    ['--vary model=nothing,llama3-8b', 'model'],
    ['--vary tp=1,2 --output a.txt', '--output'],
    ['--vary tp=1,2 --shard 1/2', '--shard'],
    ['--vary tp=1,2 --shard 3/2 --journal x.jsonl', '--shard'],
    ['--vary tp=1,2 --resume', '--resume'],
    ['--vary tp=1,2 --sampling lhs', '--sampling'],
    ['--vary tp=1,2 --executor cloud', '--executor'],
    ['--vary tp=1,2 --figures speed', '--figures'],
    ['--vary __proto__.x=1', '--vary'],
  ])('refuses %s', async (line, named) => {
    const { code, stderr } = await run(`${small} ${line}`.trim())
    expect(code).toBe(2)
    expect(stderr).toContain(named)
  })
})
