import type { NumberFormat } from '@llmsim/contracts'
import type { Drafts } from './drafted-steps.js'

/** How an engine behaves where a measurement does not say. */
export interface EngineDefaults {
  /** Engine profile of the calibrations. */
  readonly profile: string
  readonly scheduler: 'vllm-v0' | 'vllm-v1' | 'sglang' | 'tensorrt-llm'
  readonly maxSequences: number
  readonly maxBatchedTokens: number
  /** Share of the whole device that the engine may use, or of what weights and activations leave. */
  readonly kvMemory: { readonly of: 'device' | 'free'; readonly share: number }
  /** Whether layers with a window keep no more than it reaches; absent: they keep all tokens. */
  readonly windowedKv?: boolean
  /** Prompts are never cut: a step takes the longest of them beside all that decode. */
  readonly wholePrompts: boolean
  /** KV cache behind weights of 8 bits or fewer, where the measurement does not say. */
  readonly quantisedKv: NumberFormat
  /** Options of the scheduler. */
  readonly schedulerOptions?: Readonly<Record<string, unknown>>
  /** Tokens up to which a step with prompts is a captured graph; absent: as the profile says. */
  readonly capturedTokens?: number
  /** Seconds in which the host launches a layer with experts eagerly; absent: as the profile says. */
  readonly expertsLaunchSeconds?: number
  /** Speculative decoding; absent: one token a step. */
  readonly drafts?: Drafts
  /** Tokens that a client has got when it sees the first of them; absent: 1. */
  readonly firstChunkTokens?: number
  /** How lengths vary of which a measurement does not say; absent: not in closed loops. */
  readonly lengths?: 'fixed' | 'varied'
}
