import { GIB, SimulatorError } from '@llmsim/contracts'
import { deploy, type Deployment } from '../deployment.js'
import type { Io } from '../io.js'
import { colorsFor, type Colors } from '../output/colors.js'
import { count, duration, figure, percent, prefixed } from '../output/figures.js'
import { jsonText } from '../output/results-document.js'
import { deploymentLine } from '../output/results-table.js'
import { textTable } from '../output/text-table.js'
import { prepareScenario } from '../prepared-run.js'
import type { RegistryOptions } from '../registries.js'
import { parseNumber } from '../scenario/assignments.js'
import { withOrigin } from '../scenario/field-origins.js'
import type { ScenarioOptions } from '../scenario/load-scenario.js'
import { estimatePool, type PoolEstimate, type StepEstimate } from '../step-estimate.js'
import { outputFormat } from './run.js'

export interface EstimateOptions extends ScenarioOptions, RegistryOptions {
  readonly batchSize?: string
  readonly promptLength?: string
  readonly contextLength?: string
  readonly format?: string
}

/** Takes one prefill and one decode step of each pool apart. */
export async function estimate(options: EstimateOptions, io: Io): Promise<void> {
  const format = outputFormat(options.format)
  const sequences = size('--batch-size', options.batchSize, 1e6)
  const batch = {
    prefills: sequences ?? 1,
    promptTokens: size('--prompt-length', options.promptLength, 1e7) ?? 1024,
    decodes: sequences ?? 32,
    contextTokens: size('--context-length', options.contextLength, 1e7) ?? 1024,
  }
  const { scenario, registries, origins } = await prepareScenario(options, io.cwd)
  const deployment = ((): Deployment => {
    try {
      return deploy(scenario, registries)
    } catch (error) {
      throw withOrigin(error, origins)
    }
  })()
  const pools = deployment.pools.map((pool) => estimatePool(pool, batch))
  for (const step of pools.flatMap((pool) => pool.steps))
    if (step.sequences > step.sequences_that_fit)
      io.stderr(
        `warning: the KV cache holds ${count(step.sequences_that_fit)} sequences of ${count(step.tokens_each)} tokens, ` +
          `not the ${count(step.sequences)} of this ${step.phase} step\n`,
      )
  if (format === 'json') io.stdout(jsonText({ model: deployment.model.name, pools }))
  else {
    const colors = colorsFor(io)
    io.stdout(`${colors.bold(deploymentLine(deployment))}\n`)
    io.stdout('TIME, FLOP, MEMORY and SENT are those of one device.\n\n')
    for (const pool of pools) io.stdout(poolText(pool, batch.contextTokens, colors))
  }
}

function size(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = parseNumber(flag, text, true)
  if (value >= 1 && value <= most) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: flag,
    message: 'is out of range',
    given: value,
    accepted: `a whole number from 1 to ${most}`,
  })
}

function poolText(pool: PoolEstimate, contextTokens: number, colors: Colors): string {
  const { memory, kv_cache: cache } = pool
  const label = pool.role === 'mixed' ? '' : `${pool.role} pool: `
  const rows = [
    ...memory.parts.map(({ name, bytes }) => [
      name,
      figure(bytes / GIB),
      percent(bytes / memory.device_bytes),
    ]),
    ['device', figure(memory.device_bytes / GIB), ''],
  ]
  return [
    ...pool.steps.map((step) => stepText(step, colors)),
    `${colors.bold(`${label}memory of the fullest device (GiB)`)}\n${textTable(rows)}\n`,
    `${count(cache.blocks)} KV blocks of ${cache.block_size} tokens (${prefixed(cache.bytes_per_token, 'B')} per token):`,
    `${count(cache.sequences)} sequences of ${count(contextTokens)} tokens fit at once.\n\n`,
  ].join('\n')
}

function stepText(step: StepEstimate, colors: Colors): string {
  const { phase, sequences, tokens_each: tokens, sequences_that_fit: fit, seconds } = step
  const title =
    phase === 'prefill'
      ? `prefill of ${count(sequences)} x ${count(tokens)} tokens`
      : `decode of ${count(sequences)} sequences with a context of ${count(tokens)}`
  const rows = step.operators.map(({ name, seconds: time, flop, bytes, sentBytes, bound }) => [
    name,
    duration(time),
    percent(time / seconds),
    prefixed(flop, ''),
    prefixed(bytes, 'B'),
    prefixed(sentBytes, 'B'),
    bound,
  ])
  const heads = ['', 'TIME', 'SHARE', 'FLOP', 'MEMORY', 'SENT', 'BOUND BY']
  const sum = `${duration(seconds)}, ${figure(step.tokens_per_sec)} tokens/s`
  const warning =
    sequences > fit
      ? `${colors.yellow('so many do not fit')}: the KV cache holds ${count(fit)} of them at once\n`
      : ''
  return `${colors.bold(`${title}: ${sum}`)}\n${warning}${textTable([heads, ...rows], { gap: 1 })}\n`
}
