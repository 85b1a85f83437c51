import type { OperatorCost, StepWork, UtilizationSplit } from '@llmsim/contracts'
import { policyFailure } from './policy-failure.js'
import type { Pool } from './pool.js'

/** Shares of the measured window that a pool was busy in, by kind of step, and had a batch in flight. */
export interface BusyShares {
  readonly prefill: number
  readonly decode: number
  readonly inFlight: number
}

/** What a pool's devices did with their time. */
export interface DeviceUse {
  readonly split: UtilizationSplit
  /** FLOP and bytes per second of one device, over the measured window. */
  readonly flopPerSecond: number
  readonly bytesPerSecond: number
}

/** What a step's time may have gone into. */
type TimeKind = OperatorCost['bound'] | 'waiting'

/** Rounding may leave as much of a step over, as a share of it. */
const ROUNDING = 1e-9

/** Mean shares of the time of one kind of step, and mean rates in it. */
class StepKind {
  #samples = 0
  readonly #shares: Record<TimeKind, number> = {
    compute: 0,
    memory: 0,
    communication: 0,
    overhead: 0,
    waiting: 0,
  }
  #flop = 0
  #bytes = 0

  /**
   * Adds a step that a device is given to for `busySeconds` and works on as `operators` say, through
   * `stages` stages.
   *
   * @param rest what the rest of the time is
   * @returns false where there is nothing to take apart
   */
  add(
    operators: readonly OperatorCost[],
    busySeconds: number,
    stages: number,
    rest: TimeKind,
  ): boolean {
    let seconds = 0
    let flop = 0
    let bytes = 0
    for (const each of operators) {
      seconds += each.seconds
      flop += each.flop
      bytes += each.bytes
    }
    if (!(seconds > 0)) return false
    const working = Math.min(1, seconds / stages / busySeconds)
    const works = working > 1 - ROUNDING ? 1 : working
    this.#samples++
    for (const { bound, seconds: part } of operators)
      this.#shares[bound] += (part / seconds) * works
    this.#shares[rest] += 1 - works
    this.#flop += (flop / seconds) * works
    this.#bytes += (bytes / seconds) * works
    return true
  }

  /** The share of a kind of time, of a busy share; overhead takes what was not sampled. */
  of(kind: TimeKind, busy: number): number {
    if (this.#samples === 0) return kind === 'overhead' ? busy : 0
    return (busy * this.#shares[kind]) / this.#samples
  }

  flopPerSecond(busy: number): number {
    return this.#samples === 0 ? 0 : (busy * this.#flop) / this.#samples
  }

  bytesPerSecond(busy: number): number {
    return this.#samples === 0 ? 0 : (busy * this.#bytes) / this.#samples
  }
}

/**
 * Takes the sampled steps of a pool apart. Busy shares are exact; how the steps of each kind divide is
 * the mean of the samples.
 *
 * @returns undefined where the cost model takes no steps apart
 * Errors: `CONTRACT` when it fails to
 */
export function deviceUse({ spec, replicas }: Pool, busy: BusyShares): DeviceUse | undefined {
  const { costModel } = spec
  const kinds = { prefill: new StepKind(), decode: new StepKind() }
  // Attention ranks wait for each other; what else takes time is moving KV caches to the host.
  const rest = (spec.attentionRanks ?? 1) > 1 ? 'waiting' : 'overhead'
  let known = true
  const take = (work: StepWork, seconds: number): void => {
    if (!known) return
    try {
      const kind = work.prefillTokens > 0 ? kinds.prefill : kinds.decode
      known = kind.add(costModel.breakdown(work), seconds, spec.stages, rest)
    } catch (error) {
      throw policyFailure(`cost model ${costModel.name}`, error)
    }
  }
  for (const replica of replicas) for (const lane of replica.lanes) lane.work.forEach(take)
  if (!known) return undefined
  const { prefill, decode } = kinds
  const share = (kind: TimeKind): number =>
    Math.min(1, prefill.of(kind, busy.prefill) + decode.of(kind, busy.decode))
  const inFlight = Math.min(1, Math.max(busy.inFlight, busy.prefill + busy.decode))
  return {
    split: {
      compute: share('compute'),
      memory: share('memory'),
      communication: share('communication'),
      overhead: share('overhead'),
      bubble: Math.max(0, inFlight - busy.prefill - busy.decode) + share('waiting'),
      idle: 1 - inFlight,
    },
    flopPerSecond: prefill.flopPerSecond(busy.prefill) + decode.flopPerSecond(busy.decode),
    bytesPerSecond: prefill.bytesPerSecond(busy.prefill) + decode.bytesPerSecond(busy.decode),
  }
}
