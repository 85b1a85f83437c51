import type {
  Distribution,
  DistributionFactory,
  Latency,
  RequestClassSpec,
  ServiceObjectives,
} from '@llmsim/contracts'
import { summarizeLatency } from './latency-summary.js'
import { ObjectiveLimits } from './objective-limits.js'
import { WaitTrend } from './wait-trend.js'

export interface RequestMetricsOptions {
  readonly newDistribution: DistributionFactory
  /** For gaps between tokens; `newDistribution` when absent. */
  readonly newGapDistribution?: DistributionFactory | undefined
  /** The measured window, in seconds. */
  readonly startSeconds: number
  readonly endSeconds: number
  readonly objectives?: ServiceObjectives | undefined
  /** Kinds of requests, whose objectives stand in place of those above. */
  readonly classes?: readonly RequestClassSpec[] | undefined
}

/** One completed request; seconds on one clock. */
export interface CompletedRequest {
  readonly arrivalSeconds: number
  /** Start of the first step that worked on it. */
  readonly startSeconds: number
  readonly firstTokenSeconds: number
  readonly finishSeconds: number
  readonly outputTokens: number
  /** An index into the classes; -1 or absent: none. */
  readonly classId?: number
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
  /** Of the requests that arrived in the window, those that met each limit; a TPOT of one token is none. */
  metTtft: number = 0
  metTpot: number = 0
  metE2e: number = 0
  /** Sum of all end-to-end latencies, in the window or not, in seconds. */
  totalLatencySeconds: number = 0
  readonly ttft: Distribution
  readonly e2e: Distribution
  readonly tpot: Distribution
  readonly queue: Distribution
  /** Time in the queue by arrival, of those that arrived in the window. */
  readonly waits: WaitTrend = new WaitTrend()
  readonly #start: number
  readonly #end: number
  readonly #limits: ObjectiveLimits
  /** By class. */
  readonly #classLimits: readonly ObjectiveLimits[] | undefined

  constructor(options: RequestMetricsOptions) {
    const { objectives, classes } = options
    this.#start = options.startSeconds
    this.#end = options.endSeconds
    this.ttft = options.newDistribution()
    this.e2e = options.newDistribution()
    this.tpot = options.newDistribution()
    this.queue = options.newDistribution()
    this.#limits = new ObjectiveLimits(objectives)
    if (classes !== undefined)
      this.#classLimits = classes.map((each) => new ObjectiveLimits(each.objectives ?? objectives))
  }

  /** Whether any request has a limit to meet. */
  get hasLimits(): boolean {
    return this.#limits.some || this.#classLimits?.some((limits) => limits.some) === true
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
    const limits = this.#classLimits?.[record.classId ?? -1] ?? this.#limits
    this.totalLatencySeconds += e2e
    if (arrival >= this.#start && arrival <= this.#end) {
      this.ttft.add(ttft)
      this.e2e.add(e2e)
      if (ttft <= limits.ttft) this.metTtft++
      if (e2e <= limits.e2e) this.metE2e++
      if (outputTokens > 1) {
        this.tpot.add(tpot)
        if (tpot <= limits.tpot) this.metTpot++
      }
      this.queue.add(record.startSeconds - arrival)
      this.waits.add(arrival, record.startSeconds - arrival)
    }
    if (finish > this.#start && finish <= this.#end) {
      this.completedInWindow++
      if (ttft <= limits.ttft && tpot <= limits.tpot && e2e <= limits.e2e) this.goodInWindow++
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
