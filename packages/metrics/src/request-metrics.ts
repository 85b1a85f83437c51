import type {
  Distribution,
  DistributionFactory,
  Latency,
  ServiceObjectives,
} from '@llmsim/contracts'
import { summarizeLatency } from './latency-summary.js'

export interface RequestMetricsOptions {
  readonly newDistribution: DistributionFactory
  /** The measured window, in seconds. */
  readonly startSeconds: number
  readonly endSeconds: number
  readonly objectives?: ServiceObjectives | undefined
}

/** One completed request; seconds on one clock. */
export interface CompletedRequest {
  readonly arrivalSeconds: number
  /** Start of the first step that worked on it. */
  readonly startSeconds: number
  readonly firstTokenSeconds: number
  readonly finishSeconds: number
  readonly outputTokens: number
}

/** The latencies of requests, as the results file has them. */
export interface RequestLatencies {
  readonly first_token_latency: Latency
  readonly end_to_end_latency: Latency
  readonly time_per_output_token: Latency
  readonly queue_time: Latency
}

/**
 * Statistics over requests. Latencies are of those that *arrived* in the measured window, goodput of
 * those that *completed* in it.
 *
 * TTFT is first token minus arrival, E2E is finish minus arrival, TPOT is
 * `(E2E - TTFT) / (output tokens - 1)` (requests of one token have none), and queue time is the start
 * of the first step that worked on the request minus arrival.
 */
export class RequestMetrics {
  arrived: number = 0
  completed: number = 0
  arrivedInWindow: number = 0
  completedInWindow: number = 0
  goodInWindow: number = 0
  /** Sum of all end-to-end latencies, in the window or not, in seconds. */
  totalLatencySeconds: number = 0
  readonly ttft: Distribution
  readonly e2e: Distribution
  readonly tpot: Distribution
  readonly queue: Distribution
  readonly #start: number
  readonly #end: number
  readonly #ttftLimit: number
  readonly #tpotLimit: number
  readonly #e2eLimit: number

  constructor(options: RequestMetricsOptions) {
    this.#start = options.startSeconds
    this.#end = options.endSeconds
    this.ttft = options.newDistribution()
    this.e2e = options.newDistribution()
    this.tpot = options.newDistribution()
    this.queue = options.newDistribution()
    this.#ttftLimit = options.objectives?.ttftSeconds ?? Infinity
    this.#tpotLimit = options.objectives?.tpotSeconds ?? Infinity
    this.#e2eLimit = options.objectives?.e2eSeconds ?? Infinity
  }

  arrive({ arrivalSeconds: arrival }: Pick<CompletedRequest, 'arrivalSeconds'>): void {
    this.arrived++
    if (arrival >= this.#start && arrival <= this.#end) this.arrivedInWindow++
  }

  /** Records a completed request. The record is read at once, so that a caller may reuse it. */
  complete(record: CompletedRequest): void {
    const { arrivalSeconds: arrival, firstTokenSeconds, finishSeconds: finish } = record
    const { outputTokens } = record
    this.completed++
    const e2e = finish - arrival
    const ttft = firstTokenSeconds - arrival
    const tpot = outputTokens > 1 ? (finish - firstTokenSeconds) / (outputTokens - 1) : 0
    this.totalLatencySeconds += e2e
    if (arrival >= this.#start && arrival <= this.#end) {
      this.ttft.add(ttft)
      this.e2e.add(e2e)
      if (outputTokens > 1) this.tpot.add(tpot)
      this.queue.add(record.startSeconds - arrival)
    }
    if (finish > this.#start && finish <= this.#end) {
      this.completedInWindow++
      if (ttft <= this.#ttftLimit && tpot <= this.#tpotLimit && e2e <= this.#e2eLimit)
        this.goodInWindow++
    }
  }

  latencies(): RequestLatencies {
    return {
      first_token_latency: summarizeLatency(this.ttft),
      end_to_end_latency: summarizeLatency(this.e2e),
      time_per_output_token: summarizeLatency(this.tpot),
      queue_time: summarizeLatency(this.queue),
    }
  }
}
