import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from '../testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-compare-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (line: string) => llmsim(line.split(' '), folder)

const names =
  'static,windowed,greedy,orca,vllm-v0,vllm-v1,sarathi,sglang,tensorrt-llm,lightllm'.split(',')
const continuous = names.filter((name) => name !== 'static')
const deployment = '--model llama3-8b --xpu h100'
const longPrompts = '--avg-input-length 2000 --avg-output-length 200'
/** About two thirds of what the device can do: prompts arrive while others decode, and queues empty again. */
const busy = `${deployment} ${longPrompts} --arrival-rate 8 --duration 120 --warm-up 10`
/** More than it can do, so that what is completed in a second is what a scheduler makes of the device. */
const overload = `${deployment} --avg-input-length 500 --avg-output-length 500 --arrival-rate 40 --duration 40 --warm-up 10`

interface Figures {
  readonly total_requests: number
  readonly completed_requests: number
  readonly preemptions: number
  readonly throughput: { readonly tokens_per_sec: number }
  readonly first_token_latency: { readonly p50: number; readonly p99: number }
  readonly inter_token_latency: { readonly p50: number; readonly p99: number }
  readonly time_per_output_token: { readonly p50: number }
  readonly end_to_end_latency: { readonly p50: number; readonly p99: number }
}

/** The results of each scheduler, by its name. */
async function figures(line: string, schedulers = names): Promise<Record<string, Figures>> {
  const { stdout, stderr, code } = await run(
    `compare --schedulers ${schedulers.join(',')} ${line} --format json`,
  )
  expect(code, stderr).toBe(0)
  const documents = JSON.parse(stdout) as (Figures & { label: string })[]
  expect(documents.map(({ label }) => label)).toEqual(schedulers)
  return Object.fromEntries(documents.map((document) => [document.label, document]))
}

describe('schedulers of one deployment', () => {
  it.each([
    ['aggregated', busy],
    ['disaggregated', `${busy} --disaggregated`],
  ])('stand side by side in one table, %s', async (_kind, line) => {
    const { stdout, code } = await run(`compare --schedulers ${names.join(',')} ${line}`)
    expect(code).toBe(0)
    const [header = '', ...lines] = stdout.trimEnd().split('\n')
    expect(header.trim().split(/ +/)).toEqual(names)
    expect(lines.map((each) => each.split(/ {2,}/)[0])).toContain('ITL p99')
    for (const each of lines) expect(each.split(/ {2,}/)).toHaveLength(names.length + 1)
  })

  it('say how to read a table that the terminal would fold', async () => {
    const line = `compare --schedulers ${names.join(',')} ${deployment} --num-requests 3`.split(' ')
    const narrow = await llmsim(line, folder, { stdoutColumns: 80 })
    expect(narrow.stderr).toMatch(/the table is \d+ characters wide and the terminal 80: widen it/)
    const wide = await llmsim(line, folder, { stdoutColumns: 200 })
    expect(wide).toEqual({ ...narrow, stderr: '' })
    // What fits needs no word, and neither does a pipe.
    const few = `compare --schedulers greedy,orca ${deployment} --num-requests 3`.split(' ')
    expect((await llmsim(few, folder, { stdoutColumns: 80 })).stderr).toBe('')
    expect((await llmsim(line, folder)).stderr).toBe('')
  })

  it('get the same requests, and serve them all', async () => {
    const of = await figures(busy)
    const [{ total_requests: total } = { total_requests: 0 }] = Object.values(of)
    expect(total).toBeGreaterThan(800)
    for (const { total_requests, completed_requests } of Object.values(of))
      expect([total_requests, completed_requests]).toEqual([total, total])
  })

  it('give the same step by step, of a scenario file and a trace, disaggregated', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i / 20},${100 + i * 40},${1 + (i % 50)}`)
    writeFileSync(
      path.join(folder, 'trace.csv'),
      ['arrived_at,num_prefill_tokens,num_decode_tokens', ...rows].join('\n'),
    )
    writeFileSync(
      path.join(folder, 'scenario.yaml'),
      `model: llama3-8b
cluster: {xpu: h100}
disaggregation: {enabled: true}
scheduler: {batching_type: static, options: {chunk_size: 256}}
workload: {trace: trace.csv}`,
    )
    const line = `compare --schedulers ${names.join(',')}`
    const { stdout, stderr, code } = await run(`${line} scenario.yaml`)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/completed( +100\.0 %){10}\n/)
    const same = { code: 0, stderr: '', stdout }
    expect(await run(`${line} --config scenario.yaml --step-by-step`)).toEqual(same)
    const flags = '--trace trace.csv --disaggregated --set scheduler.options.chunk_size=256'
    expect(await run(`${line} ${deployment} ${flags}`)).toEqual(same)
  })

  it.each([
    [`--schedulers greedy,saratih ${deployment}`, '--schedulers', 'did you mean sarathi?'],
    [`--schedulers greedy, ${deployment}`, '--schedulers', 'unknown scheduler'],
    [`--schedulers greedy,orca ${deployment} --scheduler greedy`, '--scheduler', 'one of the two'],
    ['--schedulers greedy,orca --model llama3-8b --xpu h100,h200', '--schedulers', 'one'],
    ['--schedulers greedy,orca a.yaml b.yaml', '--schedulers', 'one scenario file'],
    [
      `--schedulers greedy,orca ${deployment} --set disaggregation.enabled=true --set disaggregation.decode.scheduler.name=greedy`,
      'disaggregation.decode.scheduler.name',
      'beside those of --schedulers',
    ],
    [
      `--schedulers greedy,sarathi ${deployment} --set scheduler.options.chunk_size=0`,
      'scheduler.options.chunk_size',
      'at least 1',
    ],
  ])('are refused: %s', async (line, where, why) => {
    const { code, stdout, stderr } = await run(`compare ${line}`)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(where)
    expect(stderr).toContain(why)
  })
})

describe('the order of schedulers', () => {
  it('continuous batching beats static batching: places that come free are filled at once', async () => {
    const of = await figures(overload)
    for (const name of continuous) {
      // A static batch shrinks to its longest request before the next one starts.
      expect(of[name]!.throughput.tokens_per_sec, name).toBeGreaterThan(
        1.2 * of.static!.throughput.tokens_per_sec,
      )
      expect(of[name]!.first_token_latency.p50, name).toBeLessThan(
        of.static!.first_token_latency.p50,
      )
    }
  })

  it('a newcomer waits for a whole batch under static batching, and for a step otherwise', async () => {
    const of = await figures(busy)
    for (const name of continuous)
      expect(10 * of[name]!.first_token_latency.p50, name).toBeLessThan(
        of.static!.first_token_latency.p50,
      )
  })

  it('chunks lower the tail of the gaps between tokens, the smaller the more', async () => {
    const of = await figures(busy)
    const tail = (name: string) => of[name]!.inter_token_latency.p99
    // Prefill first: who decodes waits until the prompts of all newcomers are done, in step after step.
    // In a mixed step it waits for one budget of tokens at most; under sarathi that budget is smaller.
    for (const prefillFirst of ['greedy', 'vllm-v0', 'sglang', 'lightllm']) {
      expect(tail('vllm-v1')).toBeLessThan(0.8 * tail(prefillFirst))
      expect(tail('sarathi')).toBeLessThan(0.2 * tail(prefillFirst))
    }
    expect(tail('sarathi')).toBeLessThan(tail('vllm-v1'))
    // What it costs: a prompt in small chunks takes several steps, each of which loads the weights.
    expect(of.sarathi!.first_token_latency.p50).toBeGreaterThan(
      of['vllm-v1']!.first_token_latency.p50,
    )
  })

  it('prefills first give the first token soonest, and mixed steps the last one', async () => {
    const of = await figures(busy)
    // The host takes its time to launch a step with prompts, which small chunks pay at every step: the work
    // of the device alone shows what they save.
    const onDevice = await figures(`${busy} --cost-model roofline`)
    for (const prefillFirst of ['greedy', 'vllm-v0']) {
      for (const mixed of ['vllm-v1', 'sarathi', 'orca', 'tensorrt-llm']) {
        // A step of prompts alone is shorter than one that decodes as well.
        expect(of[prefillFirst]!.first_token_latency.p50).toBeLessThan(
          of[mixed]!.first_token_latency.p50,
        )
        // Mixed, prompts and tokens share one reading of the weights; nobody stands still.
        const costs = mixed === 'sarathi' ? onDevice : of
        expect(costs[mixed]!.end_to_end_latency.p50, mixed).toBeLessThan(
          costs[prefillFirst]!.end_to_end_latency.p50,
        )
      }
    }
  })

  it('a window delays the first token of a replica that could have started at once', async () => {
    const light = `${deployment} ${longPrompts} --arrival-rate 2 --duration 120`
    const of = await figures(light, ['greedy', 'windowed'])
    const delay = of.windowed!.first_token_latency.p50 - of.greedy!.first_token_latency.p50
    expect(delay).toBeGreaterThan(0.03)
    // Its 50 ms, and one step that has begun meanwhile.
    expect(delay).toBeLessThan(0.1)
  })

  it('memory kept for the longest output serves fewer at once, and preempts nobody', async () => {
    // No output is longer than what is kept; what the others count on is what there is.
    const of = await figures(`${overload} --set scheduler.options.max_output_tokens=4000`)
    for (const reserving of ['orca', 'tensorrt-llm']) {
      expect(of[reserving]!.preemptions).toBe(0)
      // A smaller batch makes each step shorter, and the device less busy with what it reads.
      for (const paged of ['vllm-v0', 'vllm-v1', 'sarathi'])
        expect(1.2 * of[reserving]!.throughput.tokens_per_sec).toBeLessThan(
          of[paged]!.throughput.tokens_per_sec,
        )
      expect(of[reserving]!.time_per_output_token.p50).toBeLessThan(
        of['vllm-v1']!.time_per_output_token.p50,
      )
    }
  })

  it('filling the memory beats keeping it for what may come, at the price of preemptions', async () => {
    const policy = (name: string) =>
      figures(
        `${overload} --max-batch-size 1000 --set scheduler.options.max_output_tokens=4000 --set scheduler.options.capacity_scheduler_policy=${name}`,
        ['tensorrt-llm'],
      )
    const kept = (await policy('guaranteed-no-evict'))['tensorrt-llm']!
    const filled = (await policy('max-utilization'))['tensorrt-llm']!
    expect(kept.preemptions).toBe(0)
    expect(filled.preemptions).toBeGreaterThan(0)
    expect(filled.throughput.tokens_per_sec).toBeGreaterThan(kept.throughput.tokens_per_sec)
  })

  it('greedy with prefills first is vllm-v0', async () => {
    const of = await figures(busy, ['greedy', 'vllm-v0'])
    for (const figure of ['first_token_latency', 'inter_token_latency', 'throughput'] as const)
      expect(of.greedy![figure]).toEqual(of['vllm-v0']![figure])
  })

  it('disaggregation leaves chunks nothing to lower: no prompt stands between two tokens', async () => {
    const together = await figures(busy)
    const apart = await figures(`${busy} --disaggregated`)
    for (const name of continuous)
      expect(apart[name]!.inter_token_latency.p99, name).toBeLessThan(
        together.sarathi!.inter_token_latency.p99,
      )
    const tails = continuous.map((name) => apart[name]!.inter_token_latency.p99)
    expect(Math.max(...tails)).toBeLessThan(1.05 * Math.min(...tails))
    // A decode pool that waits for its batch to end is slower all the same.
    for (const name of continuous)
      expect(apart[name]!.end_to_end_latency.p99, name).toBeLessThan(
        apart.static!.end_to_end_latency.p99,
      )
  })
})

describe('objectives of several deployments', () => {
  const scenario = (name: string, rest: object): string => {
    const common = { model: 'tiny-1b', workload: { arrival_rate: 4, num_requests: 20 } }
    const cluster = { xpu: 'h100', n_xpus_per_node: 2 }
    writeFileSync(path.join(folder, name), JSON.stringify({ ...common, cluster, ...rest }))
    return name
  }
  const scaled = scenario('scaled.json', {
    slo: { ttft_ms: 300 },
    autoscaling: { signal: 'slo' },
  })
  const plain = scenario('plain.json', { slo: { ttft_ms: 500 } })
  const bare = scenario('bare.json', {})
  const scaledPlainly = scenario('plainly.json', { autoscaling: { signal: 'slo' } })

  const limits = async (...files: string[]): Promise<[unknown[], string]> => {
    const { stdout, stderr, code } = await run(`compare ${files.join(' ')} --format json`)
    expect(code, stderr).toBe(0)
    const documents = JSON.parse(stdout) as { scenario: { slo?: { ttft_ms: number } } }[]
    return [documents.map(({ scenario: { slo } }) => slo?.ttft_ms), stderr]
  }

  it('are those of the first, but for those that a deployment scales by', async () => {
    const told = 'scaled.json: is held to its own slo'
    expect(await limits(bare, scaled)).toEqual([[undefined, 300], expect.stringContaining(told)])
    expect(await limits(plain, scaled)).toEqual([[500, 300], expect.stringContaining(told)])
    const [ofFirst, warnings] = await limits(scaled, plain)
    expect(ofFirst).toEqual([300, 300])
    expect(warnings).toContain('plain.json: takes the traffic of scaled.json')
    expect((await limits(plain, scaledPlainly))[0]).toEqual([500, 500])
  })
})
