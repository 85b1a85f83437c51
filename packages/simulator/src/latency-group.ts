import type { Distribution, DistributionFactory, LatencyFigures } from '@llmsim/contracts'
import { summarizeLatency } from '@llmsim/metrics'

/** Latencies of the requests that a pool or a replica served, each recorded where it came about. */
export class LatencyGroup {
  readonly ttft: Distribution
  readonly queue: Distribution
  readonly tpot: Distribution
  readonly e2e: Distribution
  readonly gaps: Distribution
  readonly transfers: Distribution

  constructor(newDistribution: DistributionFactory, newGaps: DistributionFactory) {
    this.ttft = newDistribution()
    this.queue = newDistribution()
    this.tpot = newDistribution()
    this.e2e = newDistribution()
    this.gaps = newGaps()
    this.transfers = newDistribution()
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
