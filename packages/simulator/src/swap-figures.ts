import type { SimulationResult, SwapUse } from '@llmsim/contracts'
import type { Pool } from './pool.js'

/** What became of preempted requests, as the results file has it. */
export function swapFigures(
  pools: readonly Pool[],
): Pick<SimulationResult, 'preemptions_by_mode' | 'swap'> {
  let preemptions = 0
  let any = false
  const swap: SwapUse = {
    total_blocks: 0,
    peak_used_blocks: 0,
    swapped_out: 0,
    swapped_in: 0,
    refused: 0,
    out_bytes: 0,
    in_bytes: 0,
  }
  for (const { spec, replicas } of pools) {
    const bytes = spec.memory.bytesPerBlock * spec.devicesPerReplica
    for (const { lanes, swap: store } of replicas) {
      for (const lane of lanes) preemptions += lane.preemptions
      if (store === undefined) continue
      any = true
      swap.total_blocks = Math.max(swap.total_blocks, store.total)
      swap.peak_used_blocks = Math.max(swap.peak_used_blocks, store.peak)
      swap.swapped_out += store.requestsOut
      swap.swapped_in += store.requestsIn
      swap.refused += store.refused
      swap.out_bytes += store.blocksOut * bytes
      swap.in_bytes += store.blocksIn * bytes
    }
  }
  const { swapped_out: swapped } = swap
  return {
    preemptions_by_mode: { recompute: preemptions - swapped, swap: swapped },
    swap: any ? swap : null,
  }
}
