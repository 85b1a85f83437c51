import { isSimulatorError, type PoolSpec } from '@llmsim/contracts'
import { inputText } from '../input-text.js'
import type { Io } from '../io.js'
import { figure } from '../output/figures.js'
import { jsonText } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { loadRegistries } from '../registries.js'
import { withPath } from '../scenario/field-origins.js'
import { checkLatencies, type LatencyCheck } from '../replay/latency-check.js'
import { logSource, parseLog } from '../replay/measured-log.js'
import { parsePoint } from '../validation/measured-point.js'
import { pointEngine, validatedCostModels } from '../validation/point-scenario.js'
import { oneOf, wholeNumber } from './option-values.js'
import { outputFormat } from './run.js'

export interface ReplayCheckOptions {
  readonly model?: string
  readonly xpu?: string
  readonly tp?: string
  readonly pp?: string
  readonly dp?: string
  readonly ep?: string
  readonly engine?: string
  readonly dtype?: string
  readonly kvCacheDtype?: string
  readonly maxNumSeqs?: string
  readonly maxNumBatchedTokens?: string
  readonly numGpuBlocksOverride?: string
  readonly costModel?: string
  readonly format?: string
  readonly catalog?: readonly string[]
}

/** Flags by the column of a measurement, or the field of a scenario, that they stand for. */
const flags: Readonly<Record<string, string>> = {
  model: '--model',
  hardware: '--xpu',
  tp: '--tp',
  pp: '--pp',
  dp: '--dp',
  ep: '--ep',
  engine: '--engine',
  weight_dtype: '--dtype',
  kv_dtype: '--kv-cache-dtype',
  'parallelism.tensor_parallel_size': '--tp',
  'parallelism.pipeline_parallel_size': '--pp',
  max_num_seqs: '--max-num-seqs',
  max_num_batched_tokens: '--max-num-batched-tokens',
}

/** Replays what a server was sent, and compares its latencies with the simulated ones. */
export async function replayCheck(
  file: string,
  options: ReplayCheckOptions,
  io: Io,
): Promise<void> {
  const format = outputFormat(options.format)
  const costModel = oneOf('--cost-model', options.costModel ?? 'calibrated', validatedCostModels)
  const kvBlocks = wholeNumber('--num-gpu-blocks-override', options.numGpuBlocksOverride, 1e9)
  const log = parseLog(inputText(file, io.cwd, 'an existing log in JSON lines'), file)
  const point = parsePoint(
    {
      id: file,
      scenario: 'open',
      model: options.model,
      hardware: options.xpu,
      tp: options.tp,
      pp: options.pp,
      dp: options.dp,
      ep: options.ep,
      engine: options.engine ?? 'vllm',
      weight_dtype: options.dtype,
      activation_dtype: options.dtype,
      kv_dtype: options.kvCacheDtype,
      max_num_seqs: options.maxNumSeqs,
      max_num_batched_tokens: options.maxNumBatchedTokens,
      input_len: String(mean(log.map((record) => record.promptTokens))),
      output_len: String(mean(log.map((record) => record.outputTokens))),
    },
    (column) => flags[column] ?? column,
  )
  const registries = await loadRegistries({ catalog: options.catalog ?? [] }, io.cwd)
  const pool = ((): PoolSpec => {
    try {
      const { replicas } = point
      const served = { costModel, registries, replicas, requests: log.length, kvBlocks }
      return pointEngine(point, served).pool
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      throw withPath(error, flags[error.path] ?? error.path)
    }
  })()
  const latencies = checkLatencies(log, {
    pools: [pool],
    source: logSource(log),
    durationSeconds: Infinity,
    warmUpSeconds: 0,
    exactQuantiles: true,
  })
  if (format === 'json')
    io.stdout(jsonText({ requests: log.length, cost_model: costModel, latencies }))
  else io.stdout(checkTable(latencies))
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

function checkTable(latencies: readonly LatencyCheck[]): string {
  const rows = latencies.flatMap(({ latency, statistics, ks_distance }) => [
    ...statistics.map((entry) => [
      `${latency} ${entry.statistic}`,
      figure(entry.measured_ms),
      figure(entry.simulated_ms),
      (100 * entry.relative_error).toFixed(1),
    ]),
    [`${latency} distance`, '', figure(ks_distance), ''],
  ])
  return `${textTable([['LATENCY (ms)', 'MEASURED', 'SIMULATED', 'ERROR %'], ...rows])}\n`
}
