/** LoRA adapters as the command line serves them: from slots that cost memory, by rank, from a trace. */
import type { ResultsDocument } from '@llmsim/contracts'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'lora-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const base = [
  ...['--model', 'llama3-8b', '--xpu', 'h100', '--num-requests', '200'],
  ...['--avg-input-length', '300', '--avg-output-length', '60', '--cost-model', 'roofline'],
]

/** The usual rate, unless another one is given. */
const rateOf = (argv: readonly string[]): readonly string[] =>
  argv.includes('--arrival-rate') ? [] : ['--arrival-rate', '12']

async function run(...argv: string[]): Promise<ResultsDocument> {
  const { code, stderr } = await llmsim(
    [...base, ...rateOf(argv), ...argv, '--output', 'results.json'],
    folder,
  )
  expect(code, stderr).toBe(0)
  const text = readFileSync(path.join(folder, 'results.json'), 'utf8')
  return JSON.parse(text) as ResultsDocument
}

async function refusal(...argv: string[]): Promise<string> {
  const { code, stderr } = await llmsim([...base, ...argv], folder)
  expect(code).toBe(2)
  return stderr
}

const adaptersOf = ({ pools }: ResultsDocument) => pools[0]!.adapters!

describe('engine.lora', () => {
  it('takes its slots from the KV cache, whoever uses them', async () => {
    const plain = await run()
    const slots = await run('--max-loras', '8', '--max-lora-rank', '64')
    const blocks = ({ kv_cache: { total_blocks } }: ResultsDocument) => total_blocks
    // 5,242,880 bytes a rank; a token of KV cache has 131,072.
    const expected = (8 * 64 * 5_242_880) / (131_072 * 16)
    expect(blocks(plain) - blocks(slots)).toBeGreaterThan(expected - 2)
    expect(blocks(plain) - blocks(slots)).toBeLessThan(expected + 2)
    expect(slots.end_to_end_latency).toEqual(plain.end_to_end_latency)
  })

  it('costs time by rank, and loads by the link and the storage', async () => {
    const all = ['--max-loras', '8', '--num-adapters', '8']
    const small = await run(...all, '--max-lora-rank', '8')
    const large = await run(...all, '--max-lora-rank', '128')
    const plain = await run('--max-loras', '8')
    const mean = ({ time_per_output_token: { mean } }: ResultsDocument) => mean!
    expect(mean(small)).toBeGreaterThan(mean(plain))
    expect(mean(large)).toBeGreaterThan(mean(small))
    // Each once: 64 GB/s over PCIe 5.0, 2 GB/s from storage.
    expect(adaptersOf(small)).toMatchObject({ loads: 8, storage_loads: 8, evictions: 0 })
    const bytes = 8 * 8 * 5_242_880
    const host = adaptersOf(small).load_s - bytes / 2e9
    expect(bytes / host / 1e9).toBeGreaterThan(30)
    expect(bytes / host / 1e9).toBeLessThan(130)
  })

  it('loads popular adapters less often, and each once where all have a slot', async () => {
    const common = ['--num-adapters', '32', '--max-cpu-loras', '32']
    const even = await run(...common, '--max-loras', '4')
    const skewed = await run(...common, '--max-loras', '4', '--adapter-zipf', '2')
    const roomy = await run(...common, '--max-loras', '32')
    expect(adaptersOf(skewed).loads).toBeLessThan(adaptersOf(even).loads)
    expect(adaptersOf(roomy)).toMatchObject({ loads: 32, evictions: 0 })
    expect(adaptersOf(even).storage_loads).toBeLessThanOrEqual(32)
    // Who has another adapter than those that run waits for a slot.
    expect(roomy.queue_time.mean!).toBeLessThan(even.queue_time.mean! / 4)
  })

  it('gives the same step by step, with everything else at once', async () => {
    const all = [
      ...['--scheduler', 'vllm-v1', '--max-loras', '2', '--num-adapters', '6'],
      ...['--disaggregated', '--enable-prefix-caching', '--shared-prefix-length', '64'],
      ...['--num-gpu-blocks-override', '600', '--speculative-method', 'ngram'],
      ...['--acceptance-rate', '0.5'],
    ]
    const jumped = await run(...all)
    const stepped = await run(...all, '--step-by-step')
    expect(jumped.completed_requests).toBe(200)
    expect(stepped.pools.map(({ adapters }) => adapters?.loads)).toEqual(
      jumped.pools.map(({ adapters }) => adapters?.loads),
    )
    expect(stepped.simulation_time / jumped.simulation_time).toBeCloseTo(1, 9)
  })

  it.each([
    ['adapters without slots', ['--num-adapters', '4'], 'workload.adapters'],
    [
      'less host memory than slots',
      ['--max-loras', '4', '--max-cpu-loras', '2'],
      'engine.lora.max_cpu_loras',
    ],
    [
      'a rank beyond the slots',
      ['--max-loras', '4', '--num-adapters', '4', '--max-lora-rank', '8'].concat([
        '--set',
        'workload.adapters.ranks=[16]',
      ]),
      'workload.adapters.ranks[0]',
    ],
    ['a router by adapters without any', ['--router', 'lora-affinity'], 'router.name'],
    [
      'a router by prefixes without a cache',
      ['--router', 'consistent-hash', '--set', 'router.options.key=prefix'],
      'router.options.key',
    ],
    ['adapters without a number', ['--max-loras', '4', '--adapter-zipf', '1'], 'adapters.number'],
    ['more slots than memory', ['--max-loras', '5000', '--max-lora-rank', '64'], 'LoRA adapters'],
  ])('refuses %s', async (_name, argv, named) => {
    expect(await refusal(...argv)).toContain(named)
  })
})

describe('routers', () => {
  const fleet = ['--dp', '4', '--arrival-rate', '40', '--max-loras', '4', '--num-adapters', '16']
  const loads = async (...argv: string[]) => adaptersOf(await run(...fleet, ...argv)).loads

  it('load adapters less often where they know them', async () => {
    const blind = await loads('--router', 'round-robin')
    expect(await loads('--router', 'lora-affinity')).toBeLessThan(blind / 2)
    const hashed = ['--router', 'consistent-hash', '--set', 'router.options.key=adapter']
    // Each adapter has one replica.
    expect(await loads(...hashed)).toBeLessThan(blind / 2)
    const weighted = ['--router', 'weighted', '--set', 'router.options.lora_weight=5']
    expect(await loads(...weighted)).toBeLessThan(blind)
  })

  it('find more in prefix caches where they go by what prompts begin with', async () => {
    const rate = async (...argv: string[]) => {
      const prefixes = ['--shared-prefix-length', '256', '--num-shared-prefixes', '60']
      const { kv_cache } = await run(
        ...['--dp', '4', '--enable-prefix-caching', ...prefixes, '--router', 'consistent-hash'],
        ...argv,
      )
      return kv_cache.prefix_hit_rate!
    }
    const byPrefix = await rate('--set', 'router.options.key=prefix')
    expect(byPrefix).toBeGreaterThan(1.2 * (await rate()))
  })
})

describe('a trace that names adapters', () => {
  const trace = path.join(folder, 'adapters.csv')
  writeFileSync(
    trace,
    'arrived_at,num_prefill_tokens,num_decode_tokens,adapter_id\n' +
      '0,100,5,law\n1,100,5,medicine\n2,100,5,\n3,100,5,law\n',
  )
  const replay = (...argv: string[]) =>
    llmsim(['--model', 'llama3-8b', '--xpu', 'h100', '--trace', trace, ...argv], folder)

  it('loads each of them, and says who had which', async () => {
    const argv = ['--max-loras', '2', '--output', 'replay.json', '--requests-output', 'r.csv']
    expect((await replay(...argv)).code).toBe(0)
    const text = readFileSync(path.join(folder, 'replay.json'), 'utf8')
    const results = JSON.parse(text) as ResultsDocument
    expect(adaptersOf(results)).toMatchObject({ loads: 2, hits: 1 })
    const [header = '', ...rows] = readFileSync(path.join(folder, 'r.csv'), 'utf8').split('\n')
    const column = header.split(',').indexOf('adapter')
    const names = rows.slice(0, 4).map((row) => row.split(',')[column])
    expect(names).toEqual(['law', 'medicine', '', 'law'])
  })

  it('keeps them when it is converted', async () => {
    const converted = path.join(folder, 'converted.jsonl')
    expect((await llmsim(['trace', 'convert', trace, converted], folder)).code).toBe(0)
    const lines = readFileSync(converted, 'utf8').trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { adapter_id?: string }).adapter_id)).toEqual([
      'law',
      'medicine',
      undefined,
      'law',
    ])
  })

  it('counts for nothing without slots, and takes no drawn ones besides', async () => {
    const plain = await replay('--output', 'plain.json')
    expect(plain.code).toBe(0)
    const text = readFileSync(path.join(folder, 'plain.json'), 'utf8')
    const results = JSON.parse(text) as ResultsDocument
    expect(results.pools[0]!.adapters).toBeUndefined()
    expect(results.warnings.join()).toContain('LoRA adapters of the trace')
    const both = await replay('--max-loras', '2', '--num-adapters', '3')
    expect(both.code).toBe(2)
    expect(both.stderr).toContain('workload.adapters.number')
  })
})
