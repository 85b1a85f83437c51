import type { Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import { checkBandwidth } from './resolve-cluster.js'

/**
 * The bandwidth of the one link between pools, in GB/s; undefined where a network stands in its place. Beside a
 * network it may be given as what it would be by itself, as results of earlier versions say it.
 *
 * Throws `SimulatorError` `CONFLICT`, `INVALID_VALUE`.
 */
export function linkBandwidth(
  field: string,
  given: number | undefined,
  usual: number,
  { kv_transfer: transfer }: Scenario,
): number | undefined {
  checkBandwidth(given, field)
  if (transfer?.topology === undefined) return given ?? usual
  if (given === undefined || given === usual) return undefined
  throw conflict(
    field,
    'is that of one link, in whose place kv_transfer.topology puts a network',
    'kv_transfer.topology.nic_gbs in its place, or no kv_transfer.topology',
    given,
  )
}
