import type {
  CostModel,
  PoolRole,
  PoolSpec,
  Router,
  Scheduler,
  SchedulerOptions,
  SimulationSpec,
} from '@llmsim/contracts'
import { withRandomAdapters } from './random-adapters.js'
import { withRandomExpectations } from './random-expectations.js'
import { withRandomClients } from './random-clients.js'
import { withRandomFaults } from './random-faults.js'
import { RandomNumbers } from './random-numbers.js'
import { withRandomDeciders } from './random-deciders.js'
import { withRandomImages } from './random-images.js'
import { withRandomDrafts } from './random-drafts.js'
import { withRandomPools } from './random-pools.js'
import { withRandomStates } from './random-states.js'
import { withRandomRanks } from './random-ranks.js'
import { withRandomPrefixes } from './random-prefixes.js'
import { withRandomScaling } from './random-scaling.js'
import { withRandomSenders } from './random-senders.js'
import { withRandomSessions } from './random-sessions.js'
import { withRandomTransfer } from './random-transfer.js'
import { referenceCostModel } from './reference-cost-model.js'
import type { ListedRequest } from './request-list-source.js'
import { withRandomSwap } from './random-swap.js'
import { withRandomWindows } from './random-windows.js'
import { requestListSource } from './request-list-source.js'

/** The policies that a random specification is made of; made anew for each run, as they have state. */
export interface SpecificationParts {
  createScheduler(options: SchedulerOptions): Scheduler
  createRouter?(random: () => number): Router
  createCostModel?(): CostModel
}

/** One whole deployment with its traffic, drawn from a seed. */
export function randomSpecification(seed: number, parts: SpecificationParts): SimulationSpec {
  const random = new RandomNumbers(seed)
  const disaggregated = random.chance(0.4)
  const roles: PoolRole[] = disaggregated ? ['prefill', 'decode'] : ['mixed']
  const maxPrompt = random.pick([8, 60, 400])
  const maxOutput = random.pick([1, 12, 150])
  const pools = roles.map((role) => randomPool(random, role, maxPrompt + maxOutput, parts))
  const requests = randomRequests(random, maxPrompt, maxOutput)
  const last = requests.at(-1)?.arrivalSeconds ?? 0
  const durationSeconds = random.chance(0.5) ? Infinity : Math.max(0.01, last * random.next())
  const warmUpSeconds = random.chance(0.5) ? 0 : Math.min(durationSeconds / 2, last / 3)
  const drawn: SimulationSpec = {
    pools,
    ...(disaggregated
      ? {
          kvTransfer: {
            bandwidthBytesPerSecond: random.pick([1e6, 2e7, 1e9]),
            latencySeconds: random.pick([0, 0.0013]),
            bytesPerToken: 1000,
          },
        }
      : {}),
    source: requestListSource(requests),
    ...(random.chance(0.25) ? { concurrency: random.whole(1, 20) } : {}),
    ...(random.chance(0.2) ? { requestOverheadSeconds: 0.011 } : {}),
    durationSeconds,
    warmUpSeconds,
    ...(random.chance(0.2) ? { drainSeconds: random.next() * 2 } : {}),
    objectives: { ttftSeconds: 0.5, tpotSeconds: 0.02 },
  }
  const sent = withRandomExpectations(
    seed,
    withRandomSenders(seed, withRandomSessions(seed, drawn)),
  )
  const kept = withRandomRanks(
    seed,
    withRandomDrafts(
      seed,
      withRandomWindows(
        seed,
        withRandomStates(seed, withRandomSwap(seed, withRandomPrefixes(seed, sent))),
      ),
    ),
  )
  const spread = withRandomPools(seed, withRandomClients(seed, kept))
  const broken = withRandomFaults(seed, withRandomTransfer(seed, spread))
  const scaled = withRandomScaling(seed, withRandomAdapters(seed, broken))
  return withRandomImages(seed, withRandomDeciders(seed, scaled))
}

function randomPool(
  random: RandomNumbers,
  role: PoolRole,
  longest: number,
  parts: SpecificationParts,
): PoolSpec {
  const blockSize = random.pick([1, 4, 16, 32])
  const blocksOfLongest = Math.ceil(longest / blockSize) + 1
  const maxBatchSize = random.pick([1, 3, 16, 64])
  const options: SchedulerOptions = {
    maxBatchSize,
    minBatchSize: random.whole(1, maxBatchSize),
    batchingWindowSeconds: random.pick([0, 0.037, 0.51]),
    maxBatchedTokens: random.pick([16, 512, 8192]),
    phaseOrder: random.pick(['prefill-first', 'decode-first']),
    watermark: random.pick([0, 0.01, 0.1]),
    extra: {},
  }
  const routing = new RandomNumbers(random.whole(0, 1e9))
  const costModel = parts.createCostModel?.() ?? referenceCostModel(random.pick([50, 2000, 1e6]))
  return {
    name: role,
    role,
    replicas: random.pick([1, 1, 2, 5]),
    devicesPerReplica: 2,
    stages: random.pick([1, 1, 1, 2, 3]),
    costModel,
    createScheduler: () => parts.createScheduler(options),
    router: parts.createRouter?.(() => routing.next()) ?? roundRobin(),
    memory: {
      // From so few that requests are refused, over so few that some are preempted, to plenty.
      kvBlocks: Math.max(2, Math.ceil(blocksOfLongest * random.pick([0.7, 1.1, 2, 5, 100]))),
      blockSize,
      bytesPerBlock: 1e6,
      staticBytes: 1e9,
    },
    power: { idleWatts: 100, prefillWatts: 700, decodeWatts: 400 },
    deviceUsdPerHour: 2,
  }
}

function randomRequests(
  random: RandomNumbers,
  maxPrompt: number,
  maxOutput: number,
): ListedRequest[] {
  const count = random.whole(1, 120)
  const gap = random.pick([0, 0.003, 0.05, 0.4])
  const constant = random.chance(0.2)
  const requests: ListedRequest[] = []
  let time = 0
  for (let i = 0; i < count; i++) {
    // Bursts: a share of the requests comes at once with the one before.
    if (!random.chance(0.15)) time += constant ? gap : gap * 2 * random.next()
    requests.push({
      arrivalSeconds: time,
      promptTokens: random.whole(1, maxPrompt),
      outputTokens: random.whole(1, maxOutput),
    })
  }
  return requests
}

function roundRobin(): Router {
  let next = 0
  return { name: 'round-robin', route: (_request, pool) => next++ % pool.replicas }
}
