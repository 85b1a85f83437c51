import { SimulatorError, type SchedulerFactory, type SchedulerOptions } from '@llmsim/contracts'
import { mixedSteps } from './mixed-step.js'
import { flagOption, wholeOption } from './option-values.js'

/**
 * Stall-free batching: each step decodes all that can, and fills up to a small number of tokens with prompt chunks,
 * so that no step lasts much longer than the ones before it. When a request that decodes finds no free block, needed
 * or not, the one admitted last is preempted. Options, in `extra`:
 *
 * - `chunk_size` (512, `maxBatchedTokens` at most): tokens of a step.
 * - `enable_dynamic_chunking_schedule` (false): the size falls with the progress of a prompt, in
 *   `chunk_schedule_stages` equal steps of `chunk_schedule_max_tokens` tokens in all, from `high_chunk_size` to
 *   `low_chunk_size`, to multiples of 32: later chunks of a prompt attend to more, and take as long as earlier ones.
 *
 * Sarathi-Serve (Agrawal et al., OSDI '24), `sarathi/core/scheduler/sarathi_scheduler.py`, with the
 * watermark of its block manager. A prompt beyond the schedule's tokens stays at its last stage, where the engine
 * fails. The phase order has no meaning here.
 */
export const sarathi: SchedulerFactory = {
  name: 'sarathi',
  description: 'Decodes at every step, and fills it up to a small chunk size with prompt tokens.',
  options: [
    'chunk_size',
    'enable_dynamic_chunking_schedule',
    'low_chunk_size',
    'high_chunk_size',
    'chunk_schedule_max_tokens',
    'chunk_schedule_stages',
  ],
  create(options) {
    const schedule = chunkSchedule(options)
    const chunkSize = wholeOption(options, 'chunk_size', 512, {
      least: 1,
      meaning: 'tokens of a step',
    })
    const { maxBatchedTokens: most } = options
    return mixedSteps('sarathi', options, {
      tokenBudget: Math.min(schedule?.sizes[0] ?? chunkSize, most),
      first: 'decodes',
      chunked: true,
      chunkLimit: Infinity,
      cutAtBlocks: false,
      watermark: options.watermark,
      freeBlockEach: true,
      reservedTokens: undefined,
      ...(schedule === undefined
        ? {}
        : { budgetAt: (done: number) => Math.min(most, sizeAt(schedule, done)) }),
    })
  },
}

interface ChunkSchedule {
  /** Tokens of a step, by stage of a prompt: the largest first. */
  readonly sizes: readonly number[]
  /** Tokens of a prompt that a stage lasts. */
  readonly tokensPerStage: number
}

/** Sizes are rounded to multiples of this, or of the lowest one where that is less. */
const ROUNDING = 32

function chunkSchedule(options: SchedulerOptions): ChunkSchedule | undefined {
  if (!flagOption(options, 'enable_dynamic_chunking_schedule', false)) return undefined
  const given = (name: string, meaning: string): number => {
    if (options.extra[name] === undefined)
      throw new SimulatorError({
        code: 'CONFLICT',
        path: `scheduler.options.${name}`,
        message: 'is missing beside enable_dynamic_chunking_schedule',
        accepted: `a whole number: ${meaning}`,
      })
    return wholeOption(options, name, 0, { least: 1, meaning })
  }
  const low = given('low_chunk_size', 'tokens of a step at the end of a prompt')
  const high = given('high_chunk_size', 'tokens of a step at its beginning')
  const stages = given('chunk_schedule_stages', 'different sizes')
  const tokens = given('chunk_schedule_max_tokens', 'tokens of the longest prompt')
  if (high < low)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: 'scheduler.options.high_chunk_size',
      message: `is less than low_chunk_size, ${low}`,
      given: high,
      accepted: `at least ${low}`,
    })
  const unit = Math.min(ROUNDING, low)
  const sizes = Array.from({ length: stages }, (_, stage) => {
    const share = stages === 1 ? 0 : (stages - 1 - stage) / (stages - 1)
    return Math.max(1, roundHalfEven(Math.floor(low + share * (high - low)) / unit) * unit)
  })
  return { sizes, tokensPerStage: Math.ceil(tokens / stages) }
}

/** As NumPy rounds. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  if (rest !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}

function sizeAt({ sizes, tokensPerStage }: ChunkSchedule, done: number): number {
  return sizes[Math.min(sizes.length - 1, Math.floor(done / tokensPerStage))]!
}
