import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createCatalog } from '@llmsim/catalog'
import { Accelerator } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { accelerators } from './index.js'

const catalog = createCatalog({
  kind: 'accelerator',
  schema: Accelerator,
  entries: accelerators,
})
const all = catalog.entries()
const folder = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.json'))

const required =
  'v100-32gb a10 a30 a40 a100-40gb a100-80gb l4 l40s rtx-3090 rtx-4090 rtx-5090 rtx-pro-6000 ' +
  'gtx-1080ti h20 h800 h100-80gb h100-pcie h200 gh200 b200-192gb b300 gb200 gb300 mi210 mi250 ' +
  'mi300x mi325x mi355x tpu-v4 tpu-v5e tpu-v5p tpu-v6e gaudi2 gaudi3 trainium2 inferentia2'

describe('the catalog', () => {
  it('has one file per entry, named after vendor and part', () => {
    expect(files.toSorted()).toEqual(all.map((a) => `${a.vendor}/${a.name}.json`).toSorted())
  })

  it.each(required.split(' '))('has %s', (name) => {
    expect(catalog.get(name).name).toBe(name)
  })

  it.each([
    ['v100', 'v100-32gb'],
    ['a100', 'a100-80gb'],
    ['H100', 'h100-80gb'],
    ['b200', 'b200-192gb'],
    ['mi300', 'mi300x'],
    ['4090', 'rtx-4090'],
  ])('reads %s as %s', (alias, name) => {
    expect(catalog.get(alias).name).toBe(name)
  })
})

/** Dense peaks in TFLOP/s as the data sheets state them without sparsity. */
const dense: [string, 'bf16' | 'fp16' | 'fp8' | 'int8' | 'fp4' | 'fp32', number][] = [
  ['v100-32gb', 'fp16', 125],
  ['a100-80gb', 'bf16', 312],
  ['a100-80gb', 'int8', 624],
  ['a10', 'bf16', 125],
  ['l4', 'fp8', 242.5],
  ['l40s', 'bf16', 362.05],
  ['rtx-3090', 'bf16', 71],
  ['rtx-4090', 'bf16', 165.2],
  ['gtx-1080ti', 'fp32', 11.34],
  ['h100-80gb', 'bf16', 989.4],
  ['h100-80gb', 'fp8', 1978.9],
  ['h20', 'bf16', 148],
  ['b200-192gb', 'bf16', 2250],
  ['b200-192gb', 'fp4', 9000],
  ['mi300x', 'bf16', 1307.4],
  ['mi300x', 'fp8', 2614.9],
  ['tpu-v5e', 'bf16', 197],
  ['tpu-v5p', 'bf16', 459],
  ['gaudi3', 'fp8', 1835],
  ['trainium2', 'fp8', 1299],
]

/** Memory in bytes and bandwidth in GB/s. */
const memory: [string, number, number][] = [
  ['a100-40gb', 40 * 2 ** 30, 1555],
  ['h100-80gb', 80 * 2 ** 30, 3350],
  ['h200', 141 * 2 ** 30, 4800],
  ['mi300x', 192 * 2 ** 30, 5300],
  ['b200-192gb', 192e9, 8000],
  ['rtx-4090', 24 * 2 ** 30, 1008],
]

describe('figures', () => {
  it.each(dense)('%s reaches its dense peak in %s', (name, format, tera) => {
    expect(catalog.get(name).peak_flop_per_s[format]).toBe(Math.round(tera * 1e12))
  })

  it.each(memory)('%s has its memory', (name, bytes, gigabytesPerSecond) => {
    const entry = catalog.get(name)
    expect(entry.memory_bytes).toBe(bytes)
    expect(entry.memory_bandwidth_bytes_per_s).toBe(gigabytesPerSecond * 1e9)
  })

  it('count links per direction', () => {
    expect(catalog.get('h100').scale_up.bandwidth_bytes_per_s).toBe(450e9)
    expect(catalog.get('mi300x').scale_up.bandwidth_bytes_per_s).toBe(448e9)
    expect(catalog.get('h100').scale_out.bandwidth_bytes_per_s).toBe(50e9)
  })
})

function valueAt(entry: object, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], entry)
}

/** The entry that the guide shows, held to the same as those that are shipped. */
const guide = readFileSync(new URL('../../../docs/guides/add-a-device.md', import.meta.url), 'utf8')
const [, shown = ''] = /^```json accelerator.*\n([\s\S]*?)^```$/m.exec(guide) ?? []
const tested = [...all, Accelerator.parse(JSON.parse(shown))]

describe.each(tested.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
  const peaks = entry.peak_flop_per_s
  const half = peaks.bf16 ?? peaks.fp16

  it('is no slower in a narrower format', () => {
    const widths = [peaks.fp32, half, peaks.fp8, peaks.fp4].filter((peak) => peak !== undefined)
    expect(widths).toEqual(widths.toSorted((a, b) => a - b))
    const integers = [half ?? peaks.fp32, peaks.int8, peaks.int4]
    const known = integers.filter((peak) => peak !== undefined)
    expect(known).toEqual(known.toSorted((a, b) => a - b))
    if (peaks.bf16 !== undefined && peaks.fp16 !== undefined) expect(peaks.fp16).toBe(peaks.bf16)
  })

  it('has the ridge of its roofline where accelerators have it', () => {
    const ridge = (half ?? peaks.fp32 ?? 0) / entry.memory_bandwidth_bytes_per_s
    expect(ridge).toBeGreaterThan(20)
    expect(ridge).toBeLessThan(2000)
    for (const peak of Object.values(peaks))
      expect((peak ?? 0) / entry.memory_bandwidth_bytes_per_s).toBeLessThan(2000)
  })

  it('has links slower than its memory and faster inside a node than outside', () => {
    expect(entry.scale_up.bandwidth_bytes_per_s).toBeLessThan(entry.memory_bandwidth_bytes_per_s)
    expect(entry.scale_up.latency_s).toBeLessThan(1e-4)
    expect(entry.scale_out.latency_s).toBeGreaterThanOrEqual(entry.scale_up.latency_s / 2)
  })

  it('draws less at rest than at its limit', () => {
    expect(entry.power.idle_w).toBeLessThan(entry.power.tdp_w)
  })

  it('has the memory that its name says', () => {
    const gigabytes = /(\d+)gb$/.exec(entry.name)?.[1]
    if (gigabytes === undefined) return
    const ratio = entry.memory_bytes / (Number(gigabytes) * 2 ** 30)
    expect(ratio).toBeGreaterThan(0.9)
    expect(ratio).toBeLessThan(1.05)
  })

  it('names sources for fields that exist and flags what is estimated', () => {
    expect(entry.sources[0]?.estimated, 'the first source is estimated').not.toBe(true)
    for (const { fields = [], estimated, note } of entry.sources) {
      for (const field of fields) expect(valueAt(entry, field), `${field} is sourced`).toBeDefined()
      if (estimated === true) expect(note, `the note on ${fields.join(', ')}`).toBeTruthy()
    }
    const estimated = entry.sources.flatMap((each) =>
      each.estimated === true ? (each.fields ?? []) : [],
    )
    const prices = Object.keys(entry.price).map((key) => `price.${key}`)
    expect(
      prices.filter((field) => !estimated.includes(field)),
      'prices that no source with "estimated": true names among its fields',
    ).toEqual([])
  })
})
