import { z } from 'zod'
import { adapterModules } from './cost-model-factory.js'
import { count, nonNegative, positive } from './scenario-number.js'

/** How an engine serves LoRA adapters. */
export const LoraSection = z.strictObject({
  max_loras: count
    .max(100_000)
    .optional()
    .describe("Adapters in the memory of a replica's devices, and of its running requests."),
  max_lora_rank: count.max(8192).optional().describe('Largest rank; each slot has room for it.'),
  max_cpu_loras: count
    .max(1_000_000)
    .optional()
    .describe('Adapters in host memory, those of the devices among them.'),
  storage_gbs: positive.optional().describe('GB/s at which adapters are read into host memory.'),
  modules: z
    .enum(adapterModules)
    .optional()
    .describe('Products that adapters change: those of attention, or of plain networks too.'),
  pad_ranks: z
    .boolean()
    .optional()
    .describe('Whether kernels compute every adapter at the largest rank.'),
})

/** Which LoRA adapters requests have. */
export const AdaptersSection = z.strictObject({
  number: count
    .max(1_000_000)
    .optional()
    .describe('Different adapters; where a trace says which, it has its own.'),
  zipf_exponent: nonNegative
    .max(10)
    .optional()
    .describe('Popularity: the k-th has a share in proportion to k^-s; 0: all the same.'),
  ranks: z
    .array(count.max(8192))
    .min(1)
    .max(1000)
    .optional()
    .describe('Ranks that the adapters have in turn.'),
  share: z.number().min(0).max(1).optional().describe('Share of the requests that have one.'),
})
export type LoraSection = z.infer<typeof LoraSection>
export type AdaptersSection = z.infer<typeof AdaptersSection>
