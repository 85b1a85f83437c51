import { GB, SimulatorError, type ReplicaMemory, type Scheduler } from '@llmsim/contracts'
import { blockCount } from './block-count.js'
import type { DeployedPool } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/**
 * PCIe 4.0 x16, one direction: 16 lanes of 16 GT/s, coded 128b/130b (PCI Express Base Specification 4.0),
 * in round figures.
 */
export const usualHostLink: number = 32 * GB

/** Host memory for the preempted requests of a pool's replicas. */
export function swapSpace(
  { engine }: ResolvedScenario,
  pool: DeployedPool,
): Pick<ReplicaMemory, 'swap'> {
  if (engine.preemption_mode !== 'swap') return {}
  const { swap_space_gb: space = 0 } = engine
  return {
    swap: {
      blocks: blockCount(space, pool.memory.bytesPerBlock, 'engine.swap_space_gb'),
      bandwidthBytesPerSecond: hostLinkOf(engine, pool),
    },
  }
}

/** Bytes per second between a device and its host, one direction: as stated, or the accelerator's. */
export function hostLinkOf(
  { host_link_gbs: own }: ResolvedScenario['engine'],
  { accelerator }: DeployedPool,
): number {
  if (own !== undefined) return own * GB
  return accelerator.host_link?.bandwidth_bytes_per_s ?? usualHostLink
}

/** Refuses to swap under a scheduler that would not admit what comes back. Throws `SimulatorError` `CONFLICT`. */
export function requireSwapping(scheduler: Scheduler, { engine }: ResolvedScenario): void {
  if (engine.preemption_mode !== 'swap' || scheduler.resumesSwapped === true) return
  throw new SimulatorError({
    code: 'CONFLICT',
    path: 'engine.preemption_mode',
    message: `the scheduler ${scheduler.name} does not bring back what was swapped out`,
    given: 'swap',
    accepted: 'recompute, or a scheduler that resumes swapped requests',
  })
}
