import type { CostModelFactory, RouterFactory, SchedulerFactory } from '@llmsim/contracts'

export const schedulers: readonly [SchedulerFactory]
export const routers: readonly [RouterFactory]
export const costModels: readonly [CostModelFactory]
