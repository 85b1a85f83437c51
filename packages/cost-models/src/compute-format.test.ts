import type { Accelerator } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { resolveComputeFormat } from './compute-format.js'
import { h100, v100 } from './test/fixtures.js'

const ampere: Accelerator = {
  ...h100,
  name: 'a100',
  peak_flop_per_s: { bf16: 312e12, fp16: 312e12 },
}
const onlyFp32: Accelerator = { ...h100, name: 'old', peak_flop_per_s: { fp32: 10e12 } }
const onlyInt8: Accelerator = { ...h100, name: 'edge', peak_flop_per_s: { int8: 10e12 } }

describe('compute format', () => {
  it('is the wider of weights and activations, without a remark', () => {
    expect(resolveComputeFormat(h100, 'fp8', 'fp8')).toEqual({
      format: 'fp8',
      flopPerSecond: 1979e12,
    })
    expect(resolveComputeFormat(h100, 'int4', 'bf16').format).toBe('bf16')
    expect(resolveComputeFormat(h100, 'fp8', 'bf16')).not.toHaveProperty('fallback')
  })

  it.each([
    ['fp8', 'fp8', ampere, 'bf16'],
    ['fp4', 'fp4', h100, 'fp8'],
    ['fp4', 'fp4', ampere, 'bf16'],
    ['int4', 'int4', h100, 'int8'],
    ['bf16', 'bf16', v100, 'fp16'],
    ['fp16', 'fp16', onlyFp32, 'fp32'],
  ] as const)(
    '%s weights with %s activations fall back on %o',
    (weights, activations, on, format) => {
      const resolved = resolveComputeFormat(on, weights, activations)
      expect(resolved.format).toBe(format)
      expect(resolved.flopPerSecond).toBe(on.peak_flop_per_s[format])
      expect(resolved.fallback).toBe(
        `${on.name} has no ${weights} matrix units: computed in ${format}`,
      )
    },
  )

  it('never falls back on a narrower format', () => {
    expect(() => resolveComputeFormat(onlyInt8, 'bf16', 'bf16')).toThrow(
      expect.objectContaining({ code: 'CONFLICT', path: 'engine.dtype', accepted: 'int8' }),
    )
  })
})
