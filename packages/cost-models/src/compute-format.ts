import {
  numberFormats,
  SimulatorError,
  type Accelerator,
  type NumberFormat,
} from '@llmsim/contracts'

/** What matrix units compute in, and how fast. */
export interface ComputeFormat {
  readonly format: NumberFormat
  /** Dense peak of the accelerator in that format, in FLOP/s. */
  readonly flopPerSecond: number
  /** Why it is not the format that weights and activations ask for; absent when it is. */
  readonly fallback?: string
}

/** What stands in for a format that the matrix units lack, best first: never a narrower one. */
const standIns: Readonly<Record<NumberFormat, readonly NumberFormat[]>> = {
  fp32: ['fp32'],
  bf16: ['bf16', 'fp16', 'fp32'],
  fp16: ['fp16', 'bf16', 'fp32'],
  fp8: ['fp8', 'bf16', 'fp16', 'fp32'],
  int8: ['int8', 'bf16', 'fp16', 'fp32'],
  fp4: ['fp4', 'fp8', 'bf16', 'fp16', 'fp32'],
  int4: ['int4', 'int8', 'bf16', 'fp16', 'fp32'],
}

/** The wider of two formats; of two equally wide ones the one that stands first in the contract. */
export function widerFormat(a: NumberFormat, b: NumberFormat): NumberFormat {
  return numberFormats.indexOf(a) <= numberFormats.indexOf(b) ? a : b
}

/**
 * Format of what quantised checkpoints leave alone (embedding, LM head, router, norms) and of the
 * residual stream: the given one, and at least 16 bits.
 */
export function unquantisedFormat(format: NumberFormat): NumberFormat {
  return format === 'fp32' || format === 'fp16' ? format : 'bf16'
}

/**
 * The format a product of `weights` and `activations` is computed in.
 *
 * Operands are widened to the wider of the two (int4 weights with bf16 activations are computed in
 * bf16, as weight-only quantisation does), and further where the accelerator lacks that format: fp8
 * on an A100 runs in bf16, bf16 on a V100 in fp16.
 *
 * @throws SimulatorError `CONFLICT` at `engine.dtype` when the accelerator has no such format.
 */
export function resolveComputeFormat(
  accelerator: Accelerator,
  weights: NumberFormat,
  activations: NumberFormat,
): ComputeFormat {
  const peaks = accelerator.peak_flop_per_s
  const wanted = widerFormat(weights, activations)
  for (const format of standIns[wanted]) {
    const flopPerSecond = peaks[format]
    if (flopPerSecond === undefined) continue
    if (format === wanted) return { format, flopPerSecond }
    const fallback = `${accelerator.name} has no ${wanted} matrix units: computed in ${format}`
    return { format, flopPerSecond, fallback }
  }
  throw new SimulatorError({
    code: 'CONFLICT',
    path: 'engine.dtype',
    message: `${accelerator.name} computes in none of ${standIns[wanted].join(', ')}`,
    given: wanted,
    accepted: numberFormats.filter((format) => peaks[format] !== undefined).join(', '),
  })
}
