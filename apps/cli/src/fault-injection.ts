import {
  MILLISECOND,
  SimulatorError,
  type FaultEventSection,
  type FaultSpec,
  type FaultsSpec,
  type PoolSpec,
} from '@llmsim/contracts'
import type { DeployedPool } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'
import { usualHostLink } from './swap-space.js'

/** What breaks in a run, as values. Throws `SimulatorError` for replicas and nodes that there are not. */
export function faultInjection(
  { faults, random_seed }: ResolvedScenario,
  pools: readonly PoolSpec[],
): { faults?: FaultsSpec } {
  if (faults === undefined) return {}
  const { every_s, duration_s, mtbf_s, mttr_s, events = [] } = faults
  const list: FaultSpec[] = events.map((event, i) => faultSpec(event, pools, `faults.events[${i}]`))
  if (every_s !== undefined)
    list.push({
      kind: 'replica',
      atSeconds: every_s,
      everySeconds: every_s,
      ...(duration_s === undefined ? {} : { durationSeconds: duration_s }),
    })
  if (mtbf_s !== undefined && mttr_s !== undefined)
    list.push({ kind: 'replica', mtbfSeconds: mtbf_s, mttrSeconds: mttr_s })
  return {
    faults: {
      faults: list,
      maxRetries: faults.max_retries,
      retryDelaySeconds: faults.retry_delay_ms * MILLISECOND,
      retryFrom: faults.retry_from,
      seed: random_seed,
    },
  }
}

/** Seconds that a replica takes to start: as stated, or those in which its devices read their weights. */
export function startUpSeconds(
  stated: number | undefined,
  { accelerator, memory }: DeployedPool,
): number {
  const link = accelerator.host_link?.bandwidth_bytes_per_s ?? usualHostLink
  return stated ?? memory.weightBytes / link
}

function faultSpec(event: FaultEventSection, pools: readonly PoolSpec[], path: string): FaultSpec {
  const index = pools.findIndex(({ name }) => name === event.pool)
  const pool = pools[index]
  if (event.pool !== undefined && pool === undefined)
    throw refusal(
      'UNKNOWN_NAME',
      `${path}.pool`,
      event.pool,
      pools.map(({ name }) => name).join(', '),
    )
  if (pool !== undefined) {
    const { replicas, devicesPerReplica, devicesPerNode = devicesPerReplica } = pool
    const nodes = Math.ceil((replicas * devicesPerReplica) / devicesPerNode)
    checkNumber(`${path}.replica`, event.replica, replicas)
    checkNumber(`${path}.node`, event.node, nodes)
  }
  return {
    kind: event.kind,
    ...(pool === undefined ? {} : { pool: index }),
    ...(event.replica === undefined ? {} : { replica: event.replica }),
    ...(event.node === undefined ? {} : { node: event.node }),
    ...(event.at_s === undefined ? {} : { atSeconds: event.at_s }),
    ...(event.duration_s === undefined ? {} : { durationSeconds: event.duration_s }),
    ...(event.every_s === undefined ? {} : { everySeconds: event.every_s }),
    ...(event.mtbf_s === undefined ? {} : { mtbfSeconds: event.mtbf_s }),
    ...(event.mttr_s === undefined ? {} : { mttrSeconds: event.mttr_s }),
    ...(event.bandwidth_factor === undefined ? {} : { bandwidthFactor: event.bandwidth_factor }),
  }
}

function checkNumber(path: string, given: number | undefined, count: number): void {
  if (given === undefined || given < count) return
  throw refusal('INVALID_VALUE', path, given, `a whole number from 0 to ${count - 1}`)
}

function refusal(
  code: 'UNKNOWN_NAME' | 'INVALID_VALUE',
  path: string,
  given: unknown,
  accepted: string,
): SimulatorError {
  return new SimulatorError({ code, path, message: 'there is none', given, accepted })
}
