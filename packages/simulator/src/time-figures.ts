import type { PoolFigures } from '@llmsim/contracts'
import type { Lane } from './lane.js'
import type { Pool } from './pool.js'
import { tokensPerStep } from './token-bursts.js'

/** Where the time of a pool's lanes went; nothing unless it was kept. */
export function breakdownOf(lanes: readonly Lane[]): Pick<PoolFigures, 'breakdown'> {
  if (lanes.every((lane) => lane.breakdown === undefined)) return {}
  const total = { step_s: 0, operators: {} as Record<string, number>, barrier_s: 0, dummy_s: 0 }
  for (const { breakdown } of lanes) {
    if (breakdown === undefined) continue
    total.step_s += breakdown.stepSeconds
    total.barrier_s += breakdown.barrierSeconds
    total.dummy_s += breakdown.dummySeconds
    for (const [name, seconds] of breakdown.operators)
      total.operators[name] = (total.operators[name] ?? 0) + seconds
  }
  return { breakdown: total }
}

/** How full the pipeline was; nothing without stages. */
export function pipelineOf({ replicas }: Pool): Pick<PoolFigures, 'pipeline'> {
  let inFlight = 0
  let busy = 0
  for (const { flights, lanes } of replicas) {
    if (flights === undefined) return {}
    inFlight += flights.seconds
    for (const lane of lanes) busy += lane.totalPrefillSeconds + lane.totalDecodeSeconds
  }
  const bubble = inFlight === 0 ? 0 : Math.min(1, Math.max(0, 1 - busy / inFlight))
  return { pipeline: { in_flight_s: inFlight, bubble } }
}

/** What drafting brought inside the measured window; nothing without. */
export function speculationOf(
  { spec }: Pool,
  lanes: readonly Lane[],
): Pick<PoolFigures, 'speculation'> {
  const { tokenShares: shares } = spec
  if (shares === undefined) return {}
  const tokens = tokensPerStep(shares)
  const made = lanes.reduce((sum, lane) => sum + lane.decodeTokens, 0)
  const steps = made / tokens
  return {
    speculation: {
      tokens_per_step: tokens,
      token_shares: [...shares],
      drafted_tokens: steps * (shares.length - 1),
      accepted_tokens: made - steps,
    },
  }
}
