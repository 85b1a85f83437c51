import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'

/** Delayed batch formation of Triton's dynamic batcher (preferred size, maximum queue delay), over iteration-level scheduling. */
export const windowed: SchedulerFactory = {
  name: 'windowed',
  description:
    'Takes in waiting requests once min_batch_size of them wait, or the oldest has waited batching_window_ms.',
  options: [],
  create: (options) =>
    exclusivePhases('windowed', options, { batching: 'continuous', windowed: true }),
}
