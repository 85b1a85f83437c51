import { z } from 'zod'

/** Number formats of weights, activations and KV cache, widest first. */
export const numberFormats = ['fp32', 'bf16', 'fp16', 'fp8', 'int8', 'fp4', 'int4'] as const

export const NumberFormat = z.enum(numberFormats)
export type NumberFormat = z.infer<typeof NumberFormat>

/** Bytes that one element takes; the scales of block-scaled formats are not counted. */
export const bytesPerElement: Readonly<Record<NumberFormat, number>> = {
  fp32: 4,
  bf16: 2,
  fp16: 2,
  fp8: 1,
  int8: 1,
  fp4: 0.5,
  int4: 0.5,
}
