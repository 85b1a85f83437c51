import type { KvTierSpec, PoolSpec } from '@llmsim/contracts'
import { NO_SLOT } from '@llmsim/contracts'

/** A prompt token takes a second; decoding and the rest take next to nothing. */
export function tieredPool(
  tiers: readonly KvTierSpec[],
  kvBlocks: number,
  replicas: number = 1,
): PoolSpec {
  let next = 0
  return {
    name: 'mixed',
    role: 'mixed',
    replicas,
    devicesPerReplica: 1,
    stages: 1,
    costModel: {
      name: 'a second a token',
      step: (work, into) => {
        into.seconds = work.prefillTokens + 2 ** -20
        into.growth = 0
        into.horizon = 1
      },
      breakdown: () => [],
    },
    createScheduler: () => ({
      name: 'one by one',
      seesPrefixes: true,
      plan(view, plan) {
        const slot = view.firstWaiting()
        if (view.decoding > 0) plan.decodeAll()
        else if (slot !== NO_SLOT) plan.prefill(slot, view.prefillRemaining(slot))
      },
    }),
    router: { name: 'in turn', route: () => next++ % replicas },
    memory: { kvBlocks, blockSize: 4, bytesPerBlock: 1, staticBytes: 1 },
    // A block takes 4 seconds at the tiers' 100 bytes per second.
    prefixCaching: { blockBytes: 400, tiers },
    power: { idleWatts: 1, prefillWatts: 1, decodeWatts: 1 },
  }
}
