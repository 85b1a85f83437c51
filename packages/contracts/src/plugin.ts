import type { AdmissionFactory } from './admission.js'
import type { CostModelFactory } from './cost-model-factory.js'
import type { DeciderFactory } from './decider.js'
import type { RouterFactory } from './router.js'
import type { SchedulerFactory } from './scheduler.js'

/** What a plug-in module exports by these names; each list may be left out. */
export interface Plugin {
  readonly schedulers?: readonly SchedulerFactory[]
  readonly routers?: readonly RouterFactory[]
  readonly admissionPolicies?: readonly AdmissionFactory[]
  readonly deciders?: readonly DeciderFactory[]
  readonly costModels?: readonly CostModelFactory[]
}
