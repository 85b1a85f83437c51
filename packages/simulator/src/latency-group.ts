import type { LatencyFigures } from '@llmsim/contracts'
import { summarizeLatency } from '@llmsim/metrics'
import type { PartDistribution, PartDistributionFactory } from './part-distribution.js'

/** Latencies of the requests that a pool or a replica served, each recorded where it came about. */
export class LatencyGroup {
  readonly ttft: PartDistribution
  readonly queue: PartDistribution
  readonly tpot: PartDistribution
  readonly e2e: PartDistribution
  readonly gaps: PartDistribution
  readonly transfers: PartDistribution

  constructor(newDistribution: PartDistributionFactory, newGaps: PartDistributionFactory) {
    this.ttft = newDistribution()
    this.queue = newDistribution()
    this.tpot = newDistribution()
    this.e2e = newDistribution()
    this.gaps = newGaps()
    this.transfers = newDistribution()
  }

  /** Adds all that another one holds. */
  addAll(other: LatencyGroup): void {
    this.ttft.addAll(other.ttft)
    this.queue.addAll(other.queue)
    this.tpot.addAll(other.tpot)
    this.e2e.addAll(other.e2e)
    this.gaps.addAll(other.gaps)
    this.transfers.addAll(other.transfers)
  }

  figures(): LatencyFigures {
    return {
      first_token_latency: summarizeLatency(this.ttft),
      end_to_end_latency: summarizeLatency(this.e2e),
      time_per_output_token: summarizeLatency(this.tpot),
      inter_token_latency: summarizeLatency(this.gaps),
      queue_time: summarizeLatency(this.queue),
      ...(this.transfers.count === 0 ? {} : { transfer_time: summarizeLatency(this.transfers) }),
    }
  }
}
