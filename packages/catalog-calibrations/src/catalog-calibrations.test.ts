import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Calibration, EngineProfile } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { calibrations, engineProfiles } from './index.js'

const all = calibrations.map((entry) => Calibration.parse(entry))
const engines = engineProfiles.map((entry) => EngineProfile.parse(entry))
const folder = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.json'))

describe('the files', () => {
  it('are all entries, each once and under its name', () => {
    const names = [...all, ...engines].map(({ name }) => name)
    expect(files.map((file) => file.replace(/^.*\/|\.json$/g, '')).toSorted()).toEqual(
      names.toSorted(),
    )
    expect(new Set(names).size).toBe(names.length)
  })

  it.each([
    'a100-80gb',
    'h100-80gb',
    'h200',
    'b200-192gb',
    'gb200',
    'l40s',
    'rtx-pro-6000',
    'mi300x',
  ])('hold %s', (name) => {
    expect(all.map((calibration) => calibration.name)).toContain(name)
  })

  it.each(['vllm', 'sglang', 'tensorrt-llm', 'bare'])('hold the engine %s', (name) => {
    expect(engines.map((profile) => profile.name)).toContain(name)
  })
})

/** Every number of a calibration's curves, with its dotted path. */
function numbers(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => numbers(part, `${path}.${name}`))
}

describe.each(all)('$name', (calibration) => {
  it('keeps to sane ranges', () => {
    for (const [path, value] of numbers({
      ...calibration.kernels,
      ...calibration.interconnect,
    })) {
      if (path.endsWith('_fraction')) expect(value, path).toBeGreaterThan(0.001)
      if (path.endsWith('latency_s')) expect(value, path).toBeLessThan(2e-3)
    }
    for (const curve of Object.values(calibration.kernels.gemm)) {
      expect(curve.memory_fraction).toBeGreaterThan(0.3)
      expect(curve.compute_fraction).toBeGreaterThan(0.2)
      expect(curve.latency_s).toBeLessThan(30e-6)
    }
  })

  it('has curves of all kinds that every model needs', () => {
    const { kernels, interconnect } = calibration
    for (const kind of ['gemm', 'expert_gemm', 'prefill_attention', 'decode_attention'] as const)
      expect(kernels[kind].bf16 ?? kernels[kind].fp16, kind).toBeDefined()
    expect(interconnect.all_reduce.length).toBeGreaterThan(0)
  })

  it('says where it comes from and how far off it is', () => {
    for (const { license, method, url } of calibration.sources) {
      expect(license).not.toBe('')
      expect(method.length).toBeGreaterThan(20)
      expect(url).toMatch(/^https:/)
    }
    for (const fit of calibration.fits) {
      expect(fit.rows, fit.curve).toBeGreaterThan(fit.held_out_rows)
      expect(fit.p90_error_percent).toBeGreaterThanOrEqual(fit.median_error_percent)
    }
  })
})

describe.each(engines)('$name', (profile) => {
  it('adds what an engine can add', () => {
    expect(profile.step_s.prefill).toBeGreaterThanOrEqual(profile.step_s.decode)
    expect(profile.step_s.prefill).toBeLessThan(0.02)
    expect(profile.layer_s.prefill).toBeGreaterThanOrEqual(profile.layer_s.decode)
    expect(profile.request_s).toBeLessThan(0.1)
  })
})
