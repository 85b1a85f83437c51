import { group, integer, number, text, type ScenarioFlag } from './flag-rows.js'

const faults = group('Faults:', [
  number('--fault-every S', 'faults.every_s', 'some replica breaks each time so long after'),
  number('--fault-duration S', 'faults.duration_s', 'time to its repair (default: 30)'),
  number('--mtbf S', 'faults.mtbf_s', 'mean time from a repair of a replica to its next break'),
  number('--mttr S', 'faults.mttr_s', 'mean time from a break of a replica to its repair'),
  integer(
    '--fault-retries N',
    'faults.max_retries',
    'how often a request that lost its replica is served again (default: 3)',
  ),
])

const autoscaling = group('Autoscaling:', [
  text(
    '--autoscale-signal NAME',
    'autoscaling.signal',
    'replicas come and go with utilization, queue or slo (default: utilization)',
  ),
  number(
    '--autoscale-target TARGET',
    'autoscaling.target',
    'of the signal, for each replica; with slo the share of requests that meet it (default: 0.7, 4 or 0.9)',
  ),
  integer('--autoscale-min N', 'autoscaling.min_replicas', 'fewest of each pool (default: 1)'),
  integer(
    '--autoscale-max N',
    'autoscaling.max_replicas',
    'most of each pool (default: as many as its devices hold)',
  ),
  integer(
    '--autoscale-initial N',
    'autoscaling.initial_replicas',
    'replicas at the start (default: the fewest)',
  ),
  number(
    '--autoscale-interval S',
    'autoscaling.interval_s',
    'time between two looks at the signal (default: 10)',
  ),
  number(
    '--autoscale-cooldown S',
    'autoscaling.cooldown_s',
    'time from a change until replicas may go (default: 60)',
  ),
  number(
    '--autoscale-provisioning S',
    'autoscaling.provisioning_s',
    'time until the devices of a new replica are there (default: 60)',
  ),
  number(
    '--autoscale-window S',
    'autoscaling.window_s',
    'with slo: for how long a request counts (default: 60)',
  ),
])

/** Flags of a fleet that changes: what breaks, and what comes and goes. */
export const fleetFlags: readonly ScenarioFlag[] = [...autoscaling, ...faults]
