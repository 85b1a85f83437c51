import { expect, it } from 'vitest'
import { figureUnit, figureWithUnit } from './figure-unit.js'

it.each([
  ['first_token_latency.p99', 'seconds'],
  ['time_per_output_token.mean', 'seconds'],
  ['queue_time.p99_9', 'seconds'],
  ['kv_transfer.time.mean', 'seconds'],
  ['pools.decode.inter_token_latency.std', 'seconds'],
  ['simulation_time', 'seconds'],
  ['measured_window.start_s', 'seconds'],
  ['xpu_utilization', 'share'],
  ['goodput.attainment', 'share'],
  ['kv_cache.mean_utilization', 'share'],
  ['utilization.compute', 'share'],
  ['pools.mixed.split.idle', 'share'],
  ['mfu', 'share'],
  ['fairness.service_jain_index', 'share'],
  ['prefix_cache.hit_rate_by_request.p50', 'share'],
  ['pools.mixed.breakdown.operators.ffn_up', 'seconds'],
  ['pools.decode.latency.queue_time.p999', 'seconds'],
  ['kv_transfer.bytes', 'bytes'],
  ['cost.usd_per_hour', 'dollars'],
  ['completed_requests', 'count'],
  ['pools.mixed.preemptions', 'count'],
  ['throughput.requests_per_sec', 'number'],
  ['memory.peak_memory_gb', 'number'],
  ['littles_law.mean_in_system', 'number'],
] as const)('%s is a number of %s', (path, unit) => {
  expect(figureUnit(path)).toBe(unit)
})

it('writes a figure as its unit wants', () => {
  expect(figureWithUnit('first_token_latency.p99', 0.0725)).toBe('72.5 ms')
  expect(figureWithUnit('first_token_latency.p99', -0.0725)).toBe('-72.5 ms')
  expect(figureWithUnit('xpu_utilization', 0.5)).toBe('50.0 %')
  expect(figureWithUnit('completed_requests', 12345)).toBe('12,345')
  expect(figureWithUnit('completed_requests', 1234.56)).toBe('1,235')
  expect(figureWithUnit('kv_transfer.bytes', 2.5e9)).toBe('2.5 GB')
  expect(figureWithUnit('cost.usd_per_hour', 3)).toBe('$3.00')
  expect(figureWithUnit('first_token_latency.p99', null)).toBe('-')
})
