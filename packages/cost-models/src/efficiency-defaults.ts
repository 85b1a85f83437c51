import type { Accelerator } from '@llmsim/contracts'

/** What a device and its engine reach of the datasheet, and what each step costs besides. */
export interface Efficiency {
  /** Share of the dense peak that large matrix products of 16 bits and more reach. */
  readonly computeEfficiency: number
  /** Share of that share that 8-bit products reach of their own, higher peak. */
  readonly eightBitEfficiency: number
  /** The same for 4-bit products. */
  readonly fourBitEfficiency: number
  /** Share of the memory bandwidth that large kernels reach. */
  readonly memoryEfficiency: number
  /** Share of the dense peak that attention over long prompts reaches. */
  readonly prefillAttentionEfficiency: number
  /** Share of the memory bandwidth at which decode attention reads the KV cache. */
  readonly decodeAttentionEfficiency: number
  /** Share of both that the grouped kernels of routed experts reach, over the two above. */
  readonly expertEfficiency: number
  /** Share of a link's bandwidth that collectives reach. */
  readonly communicationEfficiency: number
  /** Seconds that filling and draining adds to every kernel: sets the half-saturation sizes. */
  readonly kernelRampSeconds: number
  /** Seconds between kernels (launches, small kernels), per layer. */
  readonly layerOverheadSeconds: number
  /** Seconds to start and synchronise one collective, over the latency of its hops. */
  readonly collectiveOverheadSeconds: number
  /** Seconds of the engine per step: scheduling, input preparation. */
  readonly stepOverheadSeconds: number
  /** Seconds of the engine per sequence that produces a token: sampling, detokenisation. */
  readonly sequenceOverheadSeconds: number
}

/**
 * NVIDIA since Ampere, after the kernel measurements that NVIDIA's aiconfigurator publishes (Apache-2.0):
 * products of large matrices on an H100 reach a median 0.75 of the bf16 peak and 0.54 of the fp8 peak,
 * those of few rows 0.75 of the bandwidth, ramp included; an all-reduce of 64 MB over eight of them 0.8
 * of the link. FlashAttention-2 reaches up to 0.73 of an A100 (arXiv:2307.08691), less at the lengths
 * of prompts. CUDA graphs hide launches, but not the gaps between kernels.
 */
const nvidia: Efficiency = {
  computeEfficiency: 0.75,
  eightBitEfficiency: 0.72,
  fourBitEfficiency: 0.55,
  memoryEfficiency: 0.85,
  prefillAttentionEfficiency: 0.55,
  decodeAttentionEfficiency: 0.7,
  expertEfficiency: 0.75,
  communicationEfficiency: 0.8,
  kernelRampSeconds: 3e-6,
  layerOverheadSeconds: 8e-6,
  collectiveOverheadSeconds: 2e-6,
  stepOverheadSeconds: 1e-3,
  sequenceOverheadSeconds: 10e-6,
}

/** By generation, over the vendor's. */
const generations: Readonly<Record<string, Partial<Efficiency>>> = {
  /** No tensor cores. */
  pascal: { computeEfficiency: 0.7, prefillAttentionEfficiency: 0.3 },
  /** First tensor cores, FlashAttention only in ports of it. */
  volta: { computeEfficiency: 0.6, prefillAttentionEfficiency: 0.35 },
  turing: { computeEfficiency: 0.55, prefillAttentionEfficiency: 0.35 },
  /** The same measurements on an A100: 0.8 of the peak, 0.68 of the bandwidth with the ramp. */
  ampere: { computeEfficiency: 0.8, memoryEfficiency: 0.75, prefillAttentionEfficiency: 0.6 },
  ada: {},
  /** FlashAttention-3 reaches 0.75 at best, 0.5 to 0.6 at lengths of prompts (arXiv:2407.08608). */
  hopper: {},
  /** On a B200: 0.66 of the bf16, 0.45 of the fp8 and 0.37 of the fp4 peak, 0.62 of the bandwidth. */
  blackwell: {
    computeEfficiency: 0.66,
    eightBitEfficiency: 0.7,
    memoryEfficiency: 0.78,
    prefillAttentionEfficiency: 0.45,
    kernelRampSeconds: 4e-6,
  },
}

/**
 * AMD Instinct. Matrix products reach about half of an MI300X's dense peak (SemiAnalysis, December 2024:
 * 620 of 1307 TFLOP/s in bf16, 990 of 2615 in fp8). The overheads are those that the step times of
 * Llama 3.1 70B and 405B in AMD's own vLLM images (2025) leave.
 */
const amd: Efficiency = {
  ...nvidia,
  computeEfficiency: 0.48,
  eightBitEfficiency: 0.8,
  memoryEfficiency: 0.75,
  prefillAttentionEfficiency: 0.35,
  decodeAttentionEfficiency: 0.6,
  communicationEfficiency: 0.65,
  kernelRampSeconds: 5e-6,
  layerOverheadSeconds: 22e-6,
  collectiveOverheadSeconds: 4e-6,
  sequenceOverheadSeconds: 30e-6,
}

/** Intel Gaudi: matrix engine close to its peak, graph launches per step, collectives on chip. */
const intel: Efficiency = {
  ...nvidia,
  computeEfficiency: 0.65,
  memoryEfficiency: 0.75,
  prefillAttentionEfficiency: 0.4,
  decodeAttentionEfficiency: 0.6,
  layerOverheadSeconds: 15e-6,
}

/** Google TPU: one compiled program per step; Pope et al. (arXiv:2211.05102) reach 0.76 in prefill. */
const google: Efficiency = {
  ...nvidia,
  computeEfficiency: 0.65,
  memoryEfficiency: 0.8,
  prefillAttentionEfficiency: 0.4,
  layerOverheadSeconds: 5e-6,
  collectiveOverheadSeconds: 2e-6,
}

/** Any other device: what is usual a year after a launch. */
const other: Efficiency = { ...nvidia, computeEfficiency: 0.55, memoryEfficiency: 0.75 }

const vendors: readonly (readonly [name: string, efficiency: Efficiency])[] = [
  ['nvidia', nvidia],
  ['amd', amd],
  ['intel', intel],
  ['habana', intel],
  ['google', google],
]

/**
 * Typical achieved shares and overheads of an accelerator, by vendor and generation.
 *
 * They are round figures from publications, not a calibration: expect step times within a quarter.
 */
export function efficiencyDefaults(accelerator: Accelerator): Efficiency {
  const vendor = accelerator.vendor.toLowerCase()
  const base = vendors.find(([name]) => vendor.includes(name))?.[1] ?? other
  if (base !== nvidia) return base
  const generation = accelerator.generation.toLowerCase()
  const key = Object.keys(generations).find((name) => generation.includes(name))
  return key === undefined ? base : { ...base, ...generations[key] }
}
