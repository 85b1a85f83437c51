import type {
  BatchFigures,
  Distributions,
  LatencyFigures,
  PoolFigures,
  SimulationResult,
  Verdict,
} from '@llmsim/contracts'
import { SECONDS_PER_HOUR } from '@llmsim/contracts'
import { faultFigures, poolAvailability } from './fault-figures.js'
import { breakdownOf, pipelineOf, speculationOf } from './time-figures.js'
import {
  figure,
  objectiveFigures,
  quantileGrid,
  quantilesOf,
  summarizeLatency,
} from '@llmsim/metrics'
import { meanReplicas, replicaSeconds, scalingFigures } from './scaling-figures.js'
import { adapterFigures } from './adapter-figures.js'
import { kvCacheUse, memoryUse, sampledBlocks } from './memory-figures.js'
import { prefixCacheUse, prefixHitRate } from './prefix-figures.js'
import { entryFigures } from './entry-figures.js'
import type { Lane } from './lane.js'
import { busyShares, useFigures, wholeUse } from './device-figures.js'
import { deviceUse } from './device-use.js'
import type { Pool } from './pool.js'
import { swapFigures } from './swap-figures.js'
import type { Replica } from './replica.js'
import { runVerdict } from './run-verdict.js'
import type { SimulationRun } from './simulation-run.js'

/** What a finished run measured, as the results file has it. */
export function resultOf(run: SimulationRun): SimulationResult {
  const { spec, requests, steps, pools } = run
  const start = Math.min(spec.warmUpSeconds, run.clock.now)
  const end = Math.min(spec.durationSeconds, run.clock.now)
  const seconds = end - start
  const perSecond = (amount: number): number => (seconds > 0 ? amount / seconds : 0)
  const uses = pools.map((pool) => deviceUse(pool, busyShares(pool, seconds)))
  const figures = pools.map((pool, i) => ({
    ...poolFigures(pool, run, seconds),
    ...useFigures(pool, uses[i]),
    ...latencyOf(run.groups?.poolLatency(i)),
    per_replica: pool.replicas.map((replica, r) => ({
      ...replicaFigures(replica, seconds),
      ...latencyOf(run.groups?.replicaLatency(i, r)),
    })),
  }))
  const fullest = figures.reduce((most, each) =>
    (each.memory.peak_memory_gb ?? 0) > (most.memory.peak_memory_gb ?? 0) ? each : most,
  )
  const { desk } = run
  const prefilling = pools.filter(({ spec: { role } }) => role !== 'decode' || desk !== undefined)
  const verdict = runVerdict({
    spec,
    requests,
    now: run.clock.now,
    unfinished: run.table.inUse,
    turnedAway: run.ledger.rejected - run.ledger.tooLong + (run.gateway?.timedOut ?? 0),
  })
  const encoding = run.station?.use(run.clock.now, seconds)
  const all = [...figures, ...(encoding === undefined ? [] : [encoding])]
  const devices = sum(all.map((pool) => pool.devices))
  const energy = sum(all.map((pool) => pool.energy_joules))
  return {
    ...(run.loop.stopped ? { partial: true } : {}),
    total_requests: requests.arrived,
    completed_requests: requests.completed,
    rejected_requests: run.ledger.rejected,
    ...faultFigures(run),
    ...entryFigures(run),
    unfinished_requests: run.table.inUse,
    simulation_time: run.clock.now,
    measured_window: {
      start_s: start,
      end_s: end,
      arrived_requests: requests.arrivedInWindow,
      completed_requests: requests.completedInWindow,
    },
    throughput: {
      requests_per_sec: perSecond(requests.completedInWindow),
      tokens_per_sec: perSecond(steps.outputTokens),
      input_tokens_per_sec: perSecond(steps.inputTokens),
      total_tokens_per_sec: perSecond(steps.outputTokens + steps.inputTokens),
    },
    xpu_utilization: share(sum(all.map((pool) => pool.utilization * pool.devices)), devices),
    memory: fullest.memory,
    ...requests.latencies(),
    inter_token_latency: summarizeLatency(steps.gaps),
    goodput: countsGood(run)
      ? {
          requests_per_sec: perSecond(requests.goodInWindow),
          attainment: share(requests.goodInWindow, requests.completedInWindow),
        }
      : null,
    ...(spec.objectives === undefined
      ? {}
      : { objectives: objectiveFigures(spec.objectives, requests) }),
    verdict,
    ...run.groups?.figures(seconds),
    ...wholeUse(pools, uses),
    littles_law: {
      mean_in_system: run.clock.now > 0 ? run.clock.requestSeconds / run.clock.now : 0,
      rate_times_latency:
        run.clock.now > 0
          ? (requests.totalLatencySeconds + run.ledger.failedSeconds) / run.clock.now
          : 0,
    },
    preemptions: sum(figures.map((pool) => pool.preemptions)),
    ...swapFigures(pools),
    kv_cache: { ...fullest.kv_cache, prefix_hit_rate: prefixHitRate(prefilling) },
    prefix_cache: prefixCacheUse(prefilling, run.table.prefix, seconds),
    kv_transfer:
      run.transfer === undefined
        ? null
        : {
            transfers: run.transfer.transfers,
            bytes: run.transfer.bytes,
            time: summarizeLatency(run.transfer.times),
            link_utilization: share(run.transfer.busyInWindow(run.clock.now), seconds),
          },
    ...(run.table.images === undefined ? {} : { images: run.table.images.use(encoding?.images) }),
    ...(encoding === undefined ? {} : { encode_pool: encoding }),
    ...(desk === undefined
      ? {}
      : {
          decider: {
            prefill_requests: desk.prefillRequests,
            decode_requests: desk.decodeRequests,
          },
        }),
    energy: {
      total_joules: energy,
      joules_per_output_token: figure(energy / steps.totalOutputTokens),
      average_watts: run.clock.now > 0 ? energy / run.clock.now : 0,
    },
    cost: cost(run, perSecond(steps.outputTokens), run.clock.now, seconds),
    ...(spec.distributions === true ? { distributions: distributionsOf(run) } : {}),
    pools: figures,
    warnings: warnings(run, verdict),
  }
}

/** Whether requests are good or not: where some have limits, or none are set on purpose. */
function countsGood({ spec: { objectives }, requests }: SimulationRun): boolean {
  if (requests.hasLimits) return true
  return objectives !== undefined && objectives.percentiles === undefined
}

function distributionsOf({ requests, steps }: SimulationRun): Distributions {
  return {
    quantiles: [...quantileGrid],
    first_token_latency: quantilesOf(requests.ttft),
    end_to_end_latency: quantilesOf(requests.e2e),
    time_per_output_token: quantilesOf(requests.tpot),
    inter_token_latency: quantilesOf(steps.gaps),
    queue_time: quantilesOf(requests.queue),
  }
}

function poolFigures(pool: Pool, run: SimulationRun, windowSeconds: number): PoolFigures {
  const runSeconds = run.clock.now
  const { spec, replicas } = pool
  const devices = spec.replicas * spec.devicesPerReplica
  const { attentionRanks: ranks = 1 } = spec
  const samples = sampledBlocks(pool)
  const lanes = replicas.flatMap((replica) => replica.lanes)
  const prefill = sum(lanes.map((lane) => lane.prefillSeconds))
  const decode = sum(lanes.map((lane) => lane.decodeSeconds))
  const { whole, window: all } = replicaSeconds(pool, runSeconds, windowSeconds)
  const { idleWatts, prefillWatts, decodeWatts } = spec.power
  const prefillTotal = sum(lanes.map((lane) => lane.totalPrefillSeconds))
  const decodeTotal = sum(lanes.map((lane) => lane.totalDecodeSeconds))
  const idleTotal = Math.max(0, whole - prefillTotal - decodeTotal)
  return {
    name: spec.name,
    role: spec.role,
    replicas: spec.replicas,
    devices,
    utilization: share(prefill + decode, all),
    prefill_utilization: share(prefill, all),
    decode_utilization: share(decode, all),
    memory: memoryUse(pool, samples),
    kv_cache: kvCacheUse(pool, samples),
    preemptions: sum(lanes.map((lane) => lane.preemptions)),
    steps: sum(replicas.map((replica) => replica.steps)),
    energy_joules:
      (prefillTotal * prefillWatts + decodeTotal * decodeWatts + idleTotal * idleWatts) *
      (spec.devicesPerReplica / ranks),
    ...(ranks === 1 ? {} : { attention_ranks: ranks }),
    ...breakdownOf(lanes),
    ...pipelineOf(pool),
    ...speculationOf(pool, lanes),
    ...poolAvailability(pool, run),
    ...scalingFigures(pool, run.outages !== undefined, runSeconds, windowSeconds),
    ...adapterFigures(pool),
    batch: batchFigures(lanes),
    per_replica: [],
  }
}

function replicaFigures(replica: Replica, windowSeconds: number): PoolFigures['per_replica'][0] {
  return {
    requests: replica.requests,
    utilization: share(sum(replica.lanes.map(busySeconds)), windowSeconds),
    peak_used_blocks: replica.kv.peak,
    preemptions: sum(replica.lanes.map((lane) => lane.preemptions)),
  }
}

function latencyOf(latency: LatencyFigures | undefined): { latency?: LatencyFigures } {
  return latency === undefined ? {} : { latency }
}

function batchFigures(lanes: readonly Lane[]): BatchFigures {
  const total = (of: (lane: Lane) => number): number => sum(lanes.map(of))
  return {
    mean_decodes: figure(total((lane) => lane.decodeTokens) / total((lane) => lane.decodeSteps)),
    peak_decodes: lanes.reduce((peak, lane) => Math.max(peak, lane.peakDecodes), 0),
    mean_prefill_tokens: figure(
      total((lane) => lane.prefillTokens) / total((lane) => lane.prefillSteps),
    ),
    peak_prefill_tokens: lanes.reduce((peak, lane) => Math.max(peak, lane.peakPrefillTokens), 0),
  }
}

/** Busy seconds of a lane inside the measured window. */
function busySeconds(lane: Lane): number {
  return lane.prefillSeconds + lane.decodeSeconds
}

/** Price per hour and per million output tokens; null unless every pool's price is known. */
function cost(
  { pools, station }: SimulationRun,
  tokensPerSecond: number,
  runSeconds: number,
  windowSeconds: number,
): SimulationResult['cost'] {
  let perHour = 0
  for (const pool of pools) {
    const { spec } = pool
    if (spec.deviceUsdPerHour === undefined) return null
    const replicas = meanReplicas(pool, runSeconds, windowSeconds)
    perHour += spec.deviceUsdPerHour * replicas * spec.devicesPerReplica
  }
  if (station !== undefined) {
    const { deviceUsdPerHour: price, replicas, devicesPerReplica } = station.spec
    if (price === undefined) return null
    perHour += price * replicas * devicesPerReplica
  }
  return {
    usd_per_hour: perHour,
    usd_per_million_tokens: figure((perHour / (tokensPerSecond * SECONDS_PER_HOUR)) * 1e6),
  }
}

function warnings(run: SimulationRun, { state, reason }: Verdict): string[] {
  const found: string[] = []
  if (run.loop.stopped)
    found.push(`stopped at ${run.clock.now} s: the figures are of what was simulated until then`)
  if (run.requests.arrivedInWindow === 0)
    found.push(`no request arrived in the measured window, from ${run.spec.warmUpSeconds} s on`)
  if (state === 'overloaded') found.push(`overloaded: ${reason}`)
  if (run.ledger.tooLong > 0)
    found.push(
      `${run.ledger.tooLong} requests were rejected: their KV cache can never fit a replica`,
    )
  const timedOut = run.gateway?.timedOut ?? 0
  if (timedOut > 0) found.push(`${timedOut} requests failed: their clients did not wait for them`)
  if (run.ledger.failed > timedOut)
    found.push(`${run.ledger.failed - timedOut} requests failed: they lost their replica too often`)
  if (run.table.inUse > 0)
    found.push(`${run.table.inUse} requests had not finished when the drain ended`)
  return found
}

/** A share that rounding cannot push beyond 1; 0 of nothing. */
function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
