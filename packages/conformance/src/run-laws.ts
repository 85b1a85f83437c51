import type { PoolFigures, SimulationResult, SimulationSpec } from '@llmsim/contracts'
import { check } from './test-api.js'

/** What holds in every run, whatever the policies: nothing is lost, shares are shares. */
export function checkRunLaws(result: SimulationResult): void {
  const { total_requests, completed_requests, rejected_requests, unfinished_requests } = result
  const { failed_requests = 0 } = result
  check(
    total_requests ===
      completed_requests + rejected_requests + failed_requests + unfinished_requests,
    () =>
      `requests are lost: ${total_requests} arrived, ${completed_requests} completed, ` +
      `${rejected_requests} rejected, ${failed_requests} failed, ${unfinished_requests} unfinished`,
  )
  const { mean_in_system, rate_times_latency } = result.littles_law
  if (unfinished_requests === 0)
    check(
      Math.abs(mean_in_system - rate_times_latency) <= 1e-9 * Math.max(mean_in_system, 1e-12),
      () => `Little's law fails: ${mean_in_system} in the system, ${rate_times_latency} expected`,
    )
  // A KV cache that is sent to another decode replica is routed again, and its request is not retried.
  const routedAgain = result.faults === undefined ? (result.clients?.retries ?? 0) : Infinity
  for (const pool of result.pools) {
    const busy = pool.prefill_utilization + pool.decode_utilization
    check(busy <= 1 + 1e-9, () => `pool ${pool.name} is busy ${busy} of the time`)
    check(
      pool.kv_cache.peak_used_blocks <= pool.kv_cache.total_blocks,
      () => `pool ${pool.name} holds more KV blocks than it has`,
    )
    checkTimes(pool)
    const { adapters } = pool
    if (adapters !== undefined)
      check(
        adapters.peak_running <= adapters.slots && adapters.peak_running <= adapters.loads,
        () => `pool ${pool.name} runs more LoRA adapters than it has loaded, or has slots for`,
      )
    const routed = pool.per_replica.reduce((sum, replica) => sum + replica.requests, 0)
    check(
      routed <= total_requests + routedAgain,
      () => `pool ${pool.name} got requests that never arrived`,
    )
  }
  checkPrefixLaws(result)
  checkParts(result)
  const { first_token_latency: ttft, end_to_end_latency: e2e, queue_time: queue } = result
  if (ttft.max !== null && e2e.max !== null && queue.min !== null) {
    check(ttft.max <= e2e.max, () => 'a first token after the last one')
    check(queue.min >= 0, () => 'work on a request before it arrived')
  }
}

/** The parts of the time add up to all of it, and nothing takes less than none. */
function checkTimes({ name, breakdown, pipeline }: PoolFigures): void {
  if (breakdown !== undefined) {
    const { step_s, barrier_s, dummy_s, operators } = breakdown
    const parts = Object.values(operators).reduce((sum, seconds) => sum + seconds, barrier_s)
    check(
      Math.abs(parts - step_s) <= 1e-9 * Math.max(step_s, 1e-9),
      () => `pool ${name} spends ${step_s} s in steps whose parts take ${parts} s`,
    )
    check(barrier_s >= -1e-9 * step_s && dummy_s >= 0, () => `pool ${name} waits less than nothing`)
  }
  if (pipeline !== undefined)
    check(
      pipeline.in_flight_s >= 0,
      () => `pool ${name} has batches in flight for less than nothing`,
    )
}

/** Of each prompt's tokens some are found, and the others are computed, the last one always. */
function checkPrefixLaws({
  prefix_cache: cache,
  unfinished_requests,
  faults,
  clients,
}: SimulationResult): void {
  if (cache === undefined || cache === null) return
  const { requests, prompt_tokens: prompt, hit_tokens: hits, computed_tokens: computed } = cache
  check(
    hits <= prompt - requests,
    () => `${hits} of ${prompt} prompt tokens are found: nothing is left to compute`,
  )
  // Who loses its replica may start over; who is not done, or given up, may not have been computed.
  if (unfinished_requests > 0 || faults !== undefined) return
  if ((clients?.timeouts ?? 0) > 0) return
  check(
    hits + computed === prompt,
    () => `of ${prompt} prompt tokens ${hits} are found and ${computed} are computed`,
  )
}

/** Shares of a whole add up to it, and parts are not more than it. */
function checkParts(result: SimulationResult): void {
  const splits = [result.utilization, ...result.pools.map((pool) => pool.split)]
  for (const split of splits) {
    if (split === undefined) continue
    const sum = Object.values(split).reduce((total, each) => total + each, 0)
    check(Math.abs(sum - 1) < 1e-9, () => `the shares of the time add up to ${sum}`)
  }
  for (const groups of [result.classes, result.tenants]) {
    const completed = (groups ?? []).reduce((sum, group) => sum + group.completed_requests, 0)
    check(
      completed <= result.measured_window.completed_requests,
      () => `the groups completed ${completed} requests, which are more than there were`,
    )
  }
}

/** Links carry no more than their bandwidth allows, whatever is sent beside the computation. */
export function checkLinks(spec: SimulationSpec, result: SimulationResult): void {
  const { kvTransfer, pools, faults, client } = spec
  const { kv_transfer: sent, simulation_time: seconds, unfinished_requests } = result
  if (kvTransfer === undefined || sent === null || unfinished_requests > 0) return
  // What is withdrawn on its way is counted, and need not have gone.
  if (faults !== undefined || client !== undefined) return
  const { topology, bandwidthBytesPerSecond } = kvTransfer
  const bytesPerSecond =
    topology === undefined
      ? bandwidthBytesPerSecond
      : pools
          .filter(({ role }) => role === 'prefill')
          .reduce((sum, { replicas, devicesPerReplica }) => sum + replicas * devicesPerReplica, 0) *
        Math.max(topology.nicBytesPerSecond, topology.scaleUpBytesPerSecond)
  check(
    sent.bytes <= bytesPerSecond * seconds * (1 + 1e-9),
    () => `${sent.bytes} bytes went over links that carry ${bytesPerSecond * seconds} in the time`,
  )
}
