import type { AdmissionPolicy, ClientBehaviour, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/** The same specification, in some of the cases with clients that do not wait for ever, or may not enter. */
export function withRandomClients(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 6_000_011)
  return {
    ...spec,
    ...(random.chance(0.35) ? { client: randomClient(random) } : {}),
    ...(random.chance(0.3) ? { admission: randomAdmission(random) } : {}),
  }
}

function randomClient(random: RandomNumbers): ClientBehaviour {
  const jitter = new RandomNumbers(random.whole(0, 1e9))
  return {
    timeoutSeconds: random.pick([0.02, 0.1, 0.5, 3, Infinity]),
    waitsFor: random.pick(['first-token', 'completion']),
    maxRetries: random.pick([0, 1, 3]),
    backoffSeconds: random.pick([0, 0.02, 0.3]),
    random: () => jitter.next(),
  }
}

/** Lets requests in by whatever it sees, and some by chance. */
function randomAdmission(random: RandomNumbers): AdmissionPolicy {
  const chance = new RandomNumbers(random.whole(0, 1e9))
  const outstanding = random.pick([2, 10, Infinity])
  const queued = random.pick([1, 5, Infinity])
  const delay = random.pick([0.01, 0.2, Infinity])
  const share = random.pick([0.5, 1])
  return {
    name: 'random',
    admit(_request, system) {
      if (system.outstanding >= outstanding) return 'too many'
      if (system.queued >= queued) return 'queue'
      if (system.queueDelaySeconds > delay) return 'delay'
      if (system.usedBlocks / system.totalBlocks > share) return 'memory'
      return chance.chance(0.95) ? true : 'chance'
    },
  }
}
