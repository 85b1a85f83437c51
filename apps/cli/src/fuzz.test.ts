import fc from 'fast-check'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { scenarioFlags } from './flags.js'
import { loadRegistries } from './registries.js'
import { llmsim, type Outcome } from './testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-fuzz-'))

/** A run of a few requests, so that a mutation that stays valid costs little. */
const base = {
  model: 'tiny-1b',
  workload: { avg_input_length: 100, avg_output_length: 10, arrival_rate: 5, num_requests: 5 },
  cluster: { xpu: 'h100', n_xpus_per_node: 2, n_nodes: 1 },
  parallelism: { tensor_parallel_size: 1 },
  scheduler: { batching_type: 'continuous', max_batch_size: 16, min_batch_size: 2 },
  engine: { dtype: 'bf16', gpu_memory_utilization: 0.9, block_size: 16 },
  router: { name: 'least-outstanding' },
  simulation_duration_s: 5,
  warm_up_duration_s: 1,
  random_seed: 0,
} as const
const split = {
  disaggregation: {
    prefill: { xpu: 'a100' },
    decode: { xpu: 'h200', n_xpus: 2 },
    transfer_latency_ms: 1,
  },
} as const

/** The same with the entries of the catalogs written out. */
const registries = await loadRegistries({}, folder)
const inline = {
  ...base,
  model: registries.models.get('mixtral-8x7b'),
  cluster: { xpu: registries.accelerators.get('h100'), n_xpus_per_node: 4 },
  parallelism: { tensor_parallel_size: 4 },
}

/** Values that are wrong somewhere; the numbers keep a run short where they are right. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    ...[0, -0, -1, 1, 2, 3, 0.5, 7, 1e-300, Infinity, -Infinity, NaN, 5e-324, 2 ** 31, 2 ** 53],
    ...['', ' ', 'NaN', '5', 'h100', 'tiny-1b', 'fp8', 'int4', 'static', 'windowed', '__proto__'],
    ...[null, true, false, [], {}, [1], { name: 'x' }, 'x'.repeat(500), '\u0000', '\u{1F600}'],
  ),
  fc.double({ min: -10, max: 20 }),
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.jsonValue({ maxDepth: 2 }),
)

const fields = [
  ...scenarioFlags.map(({ field }) => field),
  ...[
    'workload',
    'cluster',
    'parallelism',
    'scheduler',
    'engine',
    'router',
    'disaggregation',
    'slo',
  ],
  ...[
    'cluster.interconnect',
    'cluster.interconnect.intra_node_bandwidth_gbs',
    'nothing',
    'workload.x',
  ],
  ...['__proto__', 'constructor', 'scheduler.options', 'cost_model.options', 'scheduler.watermark'],
  ...['cost_model.options.compute_efficiency', 'disaggregation.decode.scheduler.max_batch_size'],
]
/** Fields of entries that are written out. */
const entryFields = [
  ...[
    'model.layers',
    'model.hidden_size',
    'model.vocab_size',
    'model.attention.heads',
    'model.ffn',
  ],
  ...['model.attention.kv_heads', 'model.attention.head_dim', 'model.ffn.experts', 'model.dtype'],
  ...['model.name', 'model.ffn.kind', 'model.attention.kind', 'model.max_context', 'model.sources'],
  ...['cluster.xpu.memory_bytes', 'cluster.xpu.memory_bandwidth_bytes_per_s', 'cluster.xpu.price'],
  ...['cluster.xpu.peak_flop_per_s.fp16', 'cluster.xpu.peak_flop_per_s', 'cluster.xpu.scale_up'],
  ...['cluster.xpu.scale_up.bandwidth_bytes_per_s', 'cluster.xpu.scale_out.latency_s'],
  ...['cluster.xpu.power.tdp_w', 'cluster.xpu.price.rental_usd_per_hour', 'cluster.xpu.name'],
]
/** Limits of a run that a mutation may not lift: the test would only take long. */
const kept = new Set(['simulation_duration_s', 'workload.num_requests', 'drain_duration_s'])
const field = fc.constantFrom(...fields.filter((name) => !kept.has(name)))

const anyField = fc.oneof({ weight: 3, arbitrary: field }, fc.constantFrom(...entryFields))
const mutation = fc.record({ field: anyField, value, remove: fc.boolean() })

function mutated(
  start: object,
  mutations: readonly { field: string; value: unknown; remove: boolean }[],
): unknown {
  const config = structuredClone(start) as Record<string, unknown>
  for (const { field: name, value: to, remove } of mutations) {
    const keys = name.split('.')
    const last = keys.pop()!
    let at = config
    for (const key of keys) {
      const inner = Object.hasOwn(at, key) ? at[key] : undefined
      if (typeof inner === 'object' && inner !== null) at = inner as Record<string, unknown>
      else
        Object.defineProperty(at, key, {
          value: (at = {}),
          enumerable: true,
          configurable: true,
          writable: true,
        })
    }
    if (remove) Reflect.deleteProperty(at, last)
    else
      Object.defineProperty(at, last, {
        value: to,
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  return config
}

/** JSON as it may come, with numbers that JSON itself cannot write. */
function jsonOf(config: unknown): string {
  return JSON.stringify(config, (_, each: unknown) =>
    typeof each === 'number' && !Number.isFinite(each) ? `#${each}#` : each,
  )
    .replaceAll('"#Infinity#"', '1e309')
    .replaceAll('"#-Infinity#"', '-1e309')
    .replaceAll('"#NaN#"', '.nan')
}

async function check(argv: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await llmsim([...argv, '--output', 'out.json'], folder)
  const context = `${argv.join(' ')}\n${stderr}`
  judge({ code, stdout, stderr }, context)
  const written = readdirSync(folder).filter((name) => !name.startsWith('in.'))
  expect(written, context).toEqual(code === 0 ? ['out.json'] : [])
  if (code === 0) rmSync(path.join(folder, 'out.json'))
}

function judge({ code, stdout, stderr }: Outcome, context: string): void {
  expect([0, 2], context).toContain(code)
  expect(stderr, context).not.toMatch(/^\s+at |undefined|\[object/m)
  if (code === 0) return
  expect(stdout, context).toBe('')
  expect(stderr.match(/^error: /gm), context).toHaveLength(1)
  expect(stderr, context).toMatch(/^error: \S.*: \S/)
}

const settings = { seed: 1, endOnFailure: true } as const

it('answers 1,000 mutated scenario files with results or with one message', async () => {
  const start = fc.constantFrom<object>(base, { ...base, ...split }, inline)
  await fc.assert(
    fc.asyncProperty(
      start,
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      async (from, mutations) => {
        writeFileSync(path.join(folder, 'in.json'), jsonOf(mutated(from, mutations)))
        await check(['--config', 'in.json'])
      },
    ),
    { ...settings, numRuns: 1000 },
  )
}, 120_000)

it('answers 400 damaged texts with results or with one message', async () => {
  const text = JSON.stringify(base, null, 1)
  const damage = fc.record({
    at: fc.nat(text.length),
    length: fc.nat(8),
    insert: fc.oneof(
      fc.string({ maxLength: 4, unit: 'binary' }),
      fc.constantFrom('{', '}', '"', ':', '&a', '*a', '\t', '\uFEFF', '\r\n', '!!set', '- '),
    ),
    cut: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, length, insert, cut }) => {
      const rest = cut ? '' : text.slice(at + length)
      const damaged = text.slice(0, at) + insert + rest
      // A longer run is no fault.
      fc.pre(damaged.includes('"num_requests": 5\n') || cut)
      writeFileSync(path.join(folder, 'in.yaml'), damaged)
      await check(['--config', 'in.yaml'])
    }),
    { ...settings, numRuns: 400 },
  )
}, 120_000)

it('answers 700 command lines with results or with one message', async () => {
  writeFileSync(path.join(folder, 'in.json'), JSON.stringify(base))
  const flags = scenarioFlags.filter(({ field: name }) => !kept.has(name))
  const argument = fc.oneof(
    fc.constantFrom(
      '0',
      '-1',
      '1',
      '2',
      '3',
      '1e309',
      'NaN',
      '0x10',
      '',
      'abc',
      '2.5',
      'h100',
      'fp8',
      '-',
      '--tp',
    ),
    fc.string({ maxLength: 8, unit: 'binary' }),
    fc.integer({ min: -3, max: 40 }).map(String),
  )
  const words = fc
    .tuple(fc.constantFrom(...flags), argument)
    .map(([row, text]) => (row.kind === 'boolean' ? [row.flag] : [row.flag, text]))
  const set = fc
    .tuple(field, fc.jsonValue({ maxDepth: 1 }))
    .map(([name, to]) => ['--set', `${name}=${JSON.stringify(to)}`])
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: words }, set), { minLength: 1, maxLength: 3 }),
      async (parts) => {
        await check(['--config', 'in.json', ...parts.flat()])
      },
    ),
    { ...settings, numRuns: 700 },
  )
}, 120_000)

it('answers 400 mutated traces with results or with one message', async () => {
  const rows = [
    'arrived_at,num_prefill_tokens,num_decode_tokens',
    '0,10,3',
    '0.5,20,2',
    '1.5,30,1',
    '',
  ]
  const text = rows.join('\n')
  const azure =
    'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,4\n2023-11-16 18:15:50.9951690,396,9\n'
  const damage = fc.record({
    of: fc.constantFrom(text, azure, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`),
    at: fc.nat(120),
    length: fc.nat(6),
    insert: fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('', '-', ',', '\n', '"', '0', 'e', '1e309', 'NaN'),
    ),
    cut: fc.boolean(),
  })
  const scenario = { ...base, workload: { trace: 'in.csv' } }
  writeFileSync(path.join(folder, 'in.json'), JSON.stringify(scenario))
  await fc.assert(
    fc.asyncProperty(damage, async ({ of, at, length, insert, cut }) => {
      writeFileSync(
        path.join(folder, 'in.csv'),
        of.slice(0, at) + insert + (cut ? '' : of.slice(at + length)),
      )
      await check(['--config', 'in.json'])
    }),
    { ...settings, numRuns: 400 },
  )
}, 120_000)
