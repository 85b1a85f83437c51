import type {
  AdmissionFactory,
  CostModelFactory,
  DeciderFactory,
  RouterFactory,
  SchedulerFactory,
} from '@llmsim/contracts'

export const schedulers: readonly [SchedulerFactory]
export const routers: readonly [RouterFactory]
export const admissionPolicies: readonly [AdmissionFactory]
export const deciders: readonly [DeciderFactory]
export const costModels: readonly [CostModelFactory]
