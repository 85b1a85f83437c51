import type { MoeFfn, ReplicaLayout } from '@llmsim/contracts'
import { expertExchange, type Exchange } from './expert-exchange.js'
import { expertLayout } from './expert-layout.js'
import type { Operator } from './operator.js'

/** What the attention ranks of a replica do together, by the number of tokens that each part depends on. */
export interface GroupOperators {
  /** By the tokens of all ranks. */
  readonly group: readonly Operator[]
  /** By those of the rank with the most. */
  readonly rank: readonly Operator[]
}

/** How long the parts take, as a cost model has it. */
export interface SharedExpertCosts {
  /** The routed experts of the fullest device, for the tokens of all ranks. */
  experts(ffn: MoeFfn): Operator
  exchange(name: string, exchange: Exchange): Operator
}

/** Experts that several attention ranks share, and the way there and back; nothing with one rank. */
export function sharedExperts(layout: ReplicaLayout, costs: SharedExpertCosts): GroupOperators {
  const { ffn } = layout.model
  if (ffn.kind !== 'moe' || expertLayout(layout).ranks === 1) return { group: [], rank: [] }
  const ways = (['dispatch', 'combine'] as const).map((direction) => {
    const exchange = expertExchange(layout, ffn, direction)
    return { counts: exchange.counts, operator: costs.exchange(`expert_${direction}`, exchange) }
  })
  const counting = (counts: Exchange['counts']): Operator[] =>
    ways.filter((way) => way.counts === counts).map((way) => way.operator)
  return { group: [costs.experts(ffn), ...counting('group')], rank: counting('rank') }
}
