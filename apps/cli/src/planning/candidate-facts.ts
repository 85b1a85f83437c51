import { isSimulatorError, SECONDS_PER_HOUR, type SimulationSpec } from '@llmsim/contracts'
import { replicaBounds, type ReplicaBounds } from '@llmsim/planner'
import { deploy, type DeployedPool } from '../deployment.js'
import { simulationSpec } from '../simulation-spec.js'
import { mostLost } from '../slo-target.js'
import { imageTraffic } from '../prompt-images.js'
import { trafficOf } from '../traffic.js'
import type { PlainObject } from '../scenario/assignments.js'
import {
  candidateScenario,
  devicesOfShape,
  type Candidate,
  type EngineChoice,
  type PoolShape,
} from './candidate-space.js'
import type { Study } from './study.js'

/** What is known of a replica without simulating it. */
export interface ShapeFacts {
  readonly pool: DeployedPool
  readonly bounds: ReplicaBounds
  readonly usdPerHour: number | undefined
  /** Power limit of all devices of a replica, in watts. */
  readonly ratedWatts: number
  readonly idleWatts: number
}

/** The requests of a study, all together. */
export interface TrafficFacts {
  readonly requests: number
  readonly outputTokens: number
  /** Output tokens of the longest, which may be lost while objectives still count as met. */
  readonly longest: { readonly requests: number; readonly outputTokens: number }
  /** Arrival of the last request in seconds; 0 with a closed loop. */
  readonly lastArrivalSeconds: number
  /** A request follows when another one ends. */
  readonly closedLoop: boolean
  /** Tokens of the prompts, the shortest first. */
  readonly prompts: readonly number[]
}

/** What is known of a candidate without simulating it. */
export interface CandidateFacts {
  readonly usdPerHour: number | undefined
  readonly ratedWatts: number
  readonly idleWatts: number
  /** Output tokens per second at most; Infinity: not known. */
  readonly tokensPerSecond: number
  /** Requests per second at most. */
  readonly requestsPerSecond: number
  /** Seconds per output token of any request at least. */
  readonly tpotSeconds: number
  /** Seconds to the first token that a share of the requests take at least; 0: not known. */
  readonly ttftSeconds: (share: number) => number
}

/** Looks at replicas once for all candidates that are made of them. */
export class FactFinder {
  private readonly shapes = new Map<string, ShapeFacts | undefined>()
  /** Why shapes were left out: how many do not fit, and how many suit the model not. */
  readonly refused = { memory: 0, layout: 0 }

  constructor(
    private readonly study: Study,
    private readonly base: PlainObject,
  ) {}

  /** Facts of a replica; undefined where it does not suit the model, or does not fit. */
  shape(shape: PoolShape, engine: EngineChoice): ShapeFacts | undefined {
    const key = JSON.stringify([shape, engine])
    if (this.shapes.has(key)) return this.shapes.get(key)
    const facts = this.look(shape, engine)
    this.shapes.set(key, facts)
    return facts
  }

  private look(shape: PoolShape, engine: EngineChoice): ShapeFacts | undefined {
    const candidate: Candidate = {
      pools: [{ ...shape, replicas: 1 }],
      engine,
      router: undefined,
      devices: devicesOfShape(shape),
    }
    try {
      const resolved = this.study.resolve(candidateScenario(this.base, candidate))
      const [pool] = deploy(resolved, this.study.registries).pools
      if (pool === undefined) return undefined
      const { accelerator, costModel, scheduler } = pool
      const devices = devicesOfShape(shape)
      const usd = accelerator.price.rental_usd_per_hour
      return {
        pool,
        bounds: replicaBounds(
          costModel,
          scheduler.max_batch_size,
          // A longer prompt is prefilled alone by some schedulers.
          Math.max(scheduler.max_num_batched_tokens, pool.layout.model.max_context),
        ),
        usdPerHour: usd === undefined ? undefined : devices * usd,
        ratedWatts: devices * accelerator.power.tdp_w,
        idleWatts: devices * accelerator.power.idle_w,
      }
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      if (error.code === 'DOES_NOT_FIT') this.refused.memory++
      else if (error.code === 'CONFLICT') this.refused.layout++
      else throw error
      return undefined
    }
  }

  /** Facts of a candidate whose replicas all fit. */
  candidate(candidate: Candidate, traffic: TrafficFacts | undefined): CandidateFacts {
    const shapes = candidate.pools.map((pool) => ({
      count: pool.replicas,
      facts: this.shape(pool, candidate.engine),
    }))
    const total = (value: (facts: ShapeFacts) => number): number =>
      shapes.reduce(
        (sum, { count, facts }) => sum + count * (facts === undefined ? NaN : value(facts)),
        0,
      )
    const usdPerHour = total(({ usdPerHour: usd }) => usd ?? NaN)
    const known = {
      usdPerHour: Number.isNaN(usdPerHour) ? undefined : usdPerHour,
      ratedWatts: total(({ ratedWatts }) => ratedWatts),
      idleWatts: total(({ idleWatts }) => idleWatts),
    }
    const first = shapes[0]?.facts
    const last = shapes.at(-1)
    if (traffic === undefined || first === undefined || last?.facts === undefined)
      return {
        ...known,
        tokensPerSecond: Infinity,
        requestsPerSecond: Infinity,
        tpotSeconds: 0,
        ttftSeconds: () => 0,
      }
    const { facts, count } = last
    const { requests, outputTokens, longest, lastArrivalSeconds, closedLoop } = traffic
    // The first token of a request comes of its prefill. Losing the longest requests raises the rate most.
    const served = outputTokens - longest.outputTokens
    const decoded = Math.max(0, served - (requests - longest.requests))
    const lanes =
      count * facts.pool.layout.pipelineParallel * (facts.pool.layout.attentionDataParallel ?? 1)
    const decodeSeconds = decoded / (lanes * facts.bounds.tokensPerSecond)
    return {
      ...known,
      tokensPerSecond: Math.min(
        rate(outputTokens, lastArrivalSeconds),
        rate(served, decodeSeconds),
      ),
      requestsPerSecond: rate(requests, Math.max(lastArrivalSeconds, decodeSeconds)),
      tpotSeconds: decoded === 0 ? 0 : facts.bounds.decodeStepSeconds,
      ttftSeconds: (share) => {
        const { prompts } = traffic
        const place = Math.floor(share * prompts.length)
        const alone = first.bounds.firstTokenSeconds(prompts[place] ?? 1)
        // The first tokens of so many need the prefill of the shortest of them at least, all together;
        // what is left then has waited since it arrived.
        const before = prompts.slice(0, place).reduce((total, tokens) => total + tokens, 0)
        const rates = lanesOf(first, shapes[0]?.count ?? 1) * first.bounds.promptTokensPerSecond
        return closedLoop ? alone : Math.max(alone, before / rates - lastArrivalSeconds)
      },
    }
  }

  /**
   * The requests of the longest look, where bounds hold for them: all of them are measured, each token of
   * theirs takes a step, and each token of a prompt is computed. Undefined otherwise.
   */
  async traffic(candidate: Candidate, base: PlainObject): Promise<TrafficFacts | undefined> {
    const spec = await this.specification(base, candidate)
    const barest = await this.specification(
      { model: base.model, workload: { num_requests: 1 } },
      candidate,
    )
    return isPlain(spec, barest) ? trafficFacts(spec) : undefined
  }

  private async specification(base: PlainObject, candidate: Candidate): Promise<SimulationSpec> {
    const scenario = this.study.resolve(candidateScenario(base, candidate))
    const traffic = await trafficOf(scenario, this.study.context.folders)
    const deployment = deploy(scenario, this.study.registries)
    const requests = imageTraffic(traffic, scenario, deployment.model)
    return simulationSpec(scenario, deployment, requests, this.study.registries)
  }
}

/** Batches in flight of so many replicas. */
function lanesOf({ pool }: ShapeFacts, replicas: number): number {
  const { pipelineParallel, attentionDataParallel = 1 } = pool.layout
  return replicas * pipelineParallel * attentionDataParallel
}

function rate(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : Infinity
}

/** Parts of a specification that change no step and no request. */
const harmless: readonly string[] = [
  ...['kvTransfer', 'concurrency', 'maxRequests', 'objectives', 'tenants', 'breakdown'],
  ...['distributions', 'observer', 'attentionRanks', 'deviceUsdPerHour'],
]

/**
 * Whether a run has no parts but those of the barest one: whatever a feature adds, as cached prompts,
 * drafted tokens, clients that give up or devices that fail, may break what the bounds rest on.
 */
function isPlain(spec: SimulationSpec, barest: SimulationSpec): boolean {
  const known = new Set([...harmless, ...partsOf([barest]), ...partsOf(barest.pools)])
  return (
    partsOf([spec, ...spec.pools]).every((part) => known.has(part)) &&
    spec.warmUpSeconds === 0 &&
    spec.durationSeconds === Infinity
  )
}

function partsOf(objects: readonly object[]): string[] {
  return objects.flatMap((object) =>
    Object.entries(object).flatMap(([part, value]) => (value === undefined ? [] : [part])),
  )
}

function trafficFacts({
  source,
  maxRequests = Infinity,
  concurrency,
}: SimulationSpec): TrafficFacts {
  const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: -1, priority: 0 }
  const prompts: number[] = []
  const outputs: number[] = []
  let lastArrivalSeconds = 0
  while (prompts.length < maxRequests && source.next(draft)) {
    prompts.push(draft.promptTokens)
    outputs.push(draft.outputTokens)
    lastArrivalSeconds = draft.arrivalSeconds
  }
  prompts.sort((a, b) => a - b)
  outputs.sort((a, b) => b - a)
  const lost = outputs.slice(0, Math.ceil(mostLost * outputs.length))
  return {
    requests: prompts.length,
    outputTokens: sum(outputs),
    longest: { requests: lost.length, outputTokens: sum(lost) },
    lastArrivalSeconds: concurrency === undefined ? lastArrivalSeconds : 0,
    closedLoop: concurrency !== undefined,
    prompts,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Dollars for a million output tokens at a price and a speed. */
export function usdPerMillionTokens(usdPerHour: number, tokensPerSecond: number): number {
  return (usdPerHour / SECONDS_PER_HOUR / tokensPerSecond) * 1e6
}
