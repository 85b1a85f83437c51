import type { SchedulerFactory } from '@llmsim/contracts'
import { greedy } from './greedy.js'
import { staticBatching } from './static.js'
import { staticWindowed } from './static-windowed.js'
import { vllmV1 } from './vllm-v1.js'
import { windowed } from './windowed.js'

export { greedy, staticBatching, staticWindowed, vllmV1, windowed }
export * from './admission.js'
export * from './decode-step.js'
export * from './exclusive-phases.js'
export * from './default-options.js'

/** Every scheduler of this package. */
export const schedulers: readonly SchedulerFactory[] = [
  greedy,
  windowed,
  staticBatching,
  staticWindowed,
  vllmV1,
]
