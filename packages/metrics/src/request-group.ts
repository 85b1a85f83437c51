import type { Distribution, GroupFigures, ServiceObjectives } from '@llmsim/contracts'
import { summarizeLatency } from './latency-summary.js'
import { objectiveFigures } from './objective-limits.js'
import { RequestMetrics, type RequestMetricsOptions } from './request-metrics.js'

/** The requests of one class or of one tenant, with the same statistics as all of them have. */
export class RequestGroup {
  readonly name: string
  readonly requests: RequestMetrics
  /** Gaps between tokens that ended in the measured window. */
  readonly gaps: Distribution
  /** Transfers of the KV caches of requests that arrived in it. */
  readonly transfers: Distribution
  /** Output tokens made in it. */
  outputTokens: number = 0
  /** Of a class: all of its requests have the same. */
  readonly #objectives: ServiceObjectives | undefined

  constructor(name: string, options: RequestMetricsOptions) {
    this.name = name
    this.requests = new RequestMetrics(options)
    this.gaps = (options.newGapDistribution ?? options.newDistribution)()
    this.transfers = options.newDistribution()
    this.#objectives = options.classes === undefined ? options.objectives : undefined
  }

  /** @param seconds length of the measured window */
  figures(seconds: number): GroupFigures {
    const { requests } = this
    const { completedInWindow: completed, goodInWindow: good } = requests
    const perSecond = (amount: number): number => (seconds > 0 ? amount / seconds : 0)
    return {
      name: this.name,
      arrived_requests: requests.arrivedInWindow,
      completed_requests: completed,
      throughput: {
        requests_per_sec: perSecond(completed),
        tokens_per_sec: perSecond(this.outputTokens),
      },
      ...requests.latencies(),
      inter_token_latency: summarizeLatency(this.gaps),
      ...(this.transfers.count === 0 ? {} : { transfer_time: summarizeLatency(this.transfers) }),
      goodput: requests.hasLimits
        ? {
            requests_per_sec: perSecond(good),
            attainment: completed > 0 ? Math.min(1, good / completed) : 0,
          }
        : null,
      ...(this.#objectives === undefined
        ? {}
        : { objectives: objectiveFigures(this.#objectives, requests) }),
    }
  }
}
