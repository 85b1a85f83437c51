import type { SchedulerFactory } from '@llmsim/contracts'
import { greedy } from './greedy.js'
import { lightllm } from './lightllm.js'
import { orca } from './orca.js'
import { ordered } from './order/ordered.js'
import { sarathi } from './sarathi.js'
import { sglang } from './sglang.js'
import { staticBatching } from './static.js'
import { staticWindowed } from './static-windowed.js'
import { tensorrtLlm } from './tensorrt-llm.js'
import { vllmV0 } from './vllm-v0.js'
import { vllmV1 } from './vllm-v1.js'
import { windowed } from './windowed.js'

export {
  greedy,
  lightllm,
  orca,
  sarathi,
  sglang,
  staticBatching,
  staticWindowed,
  tensorrtLlm,
  vllmV0,
  vllmV1,
  windowed,
}
export * from './admission.js'
export * from './decode-step.js'
export * from './exclusive-phases.js'
export * from './mixed-step.js'
export * from './default-options.js'
export * from './order/fair-share.js'
export * from './order/ordered.js'
export * from './order/queue-discipline.js'
export * from './order/waiting-order.js'

/** Every scheduler of this package; `scheduler.options.order` names the order of its queue. */
export const schedulers: readonly SchedulerFactory[] = [
  greedy,
  windowed,
  staticBatching,
  staticWindowed,
  orca,
  vllmV0,
  vllmV1,
  sarathi,
  sglang,
  tensorrtLlm,
  lightllm,
].map(ordered)
