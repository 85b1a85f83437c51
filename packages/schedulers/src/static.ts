import type { SchedulerFactory } from '@llmsim/contracts'
import { exclusivePhases } from './exclusive-phases.js'

/**
 * Request-level batching of FasterTransformer: those who wait when a batch forms are prefilled, in as many
 * steps as their prompts take, then decode until the last of them is done. A finished request returns at
 * once; its place stays empty.
 */
export const staticBatching: SchedulerFactory = {
  name: 'static',
  description: 'Runs each batch to its end before the next one forms.',
  options: [],
  create: (options) => exclusivePhases('static', options, { batching: 'static', windowed: false }),
}
