import {
  type CostModel,
  type EngineProfile,
  type PoolSpec,
  type ReplicaLayout,
  type Scheduler,
  type SimulationSpec,
} from '@llmsim/contracts'
import { devicePower } from '@llmsim/cost-models'
import { named, type Registries } from '../registries.js'
import { measuredCosts } from './measured-costs.js'
import { draftedSteps } from './drafted-steps.js'
import { engineDefaults } from './engine-defaults.js'
import type { EngineDefaults } from './engine-settings.js'
import { frontEnd, type FrontEnd } from './front-end.js'
import type { MeasuredPoint } from './measured-point.js'
import { acceleratorOf, layoutOf, pointMemory } from './point-layout.js'
import { nominalTokens, trafficOf } from './point-traffic.js'

/** Cost models that a validation compares. */
export const validatedCostModels = ['calibrated', 'roofline'] as const
export type ValidatedCostModel = (typeof validatedCostModels)[number]

/** A measurement as a simulation. */
export interface PointScenario {
  readonly spec: SimulationSpec
  /** Tokens that the client has got when it sees the first of them. */
  readonly firstChunkTokens: number
}

/** Engines as a measurement describes them, without what they are sent. */
export interface PointEngine {
  readonly pool: PoolSpec
  readonly layout: ReplicaLayout
  /** What a request meets before the engine; nothing under the roofline. */
  readonly frontEnd: FrontEnd
}

export interface PointEngineOptions {
  readonly costModel: ValidatedCostModel
  readonly registries: Registries
  readonly replicas: number
  /** Requests in all. */
  readonly requests: number
  /** What a load generator spends on each request, one after another. */
  readonly clientSeconds?: number
  /** KV blocks in place of those that memory leaves. */
  readonly kvBlocks?: number | undefined
}

/**
 * What clients that play all users at once, Python on one thread, spend on each request between taking its start time and
 * having sent it (InferenceX: `benchmark_serving` of vLLM).
 */
const CLIENT_SECONDS = 0.01

/** What one engine runs with. */
interface Limits {
  readonly sequences: number
  readonly tokens: number
}

/**
 * Describes a measurement as a simulation of it.
 *
 * Throws `SimulatorError` at the column for what cannot be expressed.
 */
export function pointScenario(
  point: MeasuredPoint,
  costModel: ValidatedCostModel,
  registries: Registries,
): PointScenario {
  const accelerator = acceleratorOf(point, registries)
  const { lengths, firstChunkTokens = 1 } = engineDefaults(point, accelerator)
  const traffic = trafficOf(point, lengths)
  const engine = pointEngine(point, {
    costModel,
    registries,
    replicas: point.replicas,
    requests: traffic.maxRequests ?? Infinity,
    clientSeconds: point.scenario === 'closed' ? CLIENT_SECONDS : 0,
  })
  const served = point.scenario === 'closed' || point.scenario === 'open'
  return {
    firstChunkTokens,
    spec: {
      pools: [engine.pool],
      ...traffic,
      durationSeconds: Infinity,
      warmUpSeconds: 0,
      exactQuantiles: true,
      ...(served ? engine.frontEnd : {}),
    },
  }
}

/** The engines of a measurement. Throws `SimulatorError` at the column that cannot be expressed. */
export function pointEngine(point: MeasuredPoint, options: PointEngineOptions): PointEngine {
  const { registries, replicas } = options
  const accelerator = acceleratorOf(point, registries)
  const defaults = engineDefaults(point, accelerator)
  const layout = layoutOf(point, accelerator, defaults, registries)
  const ranks = layout.attentionDataParallel ?? 1
  const limits = limitsOf(point, defaults, Math.ceil(options.requests / ranks))
  const schedulers = named(registries.schedulers, 'scheduler', defaults.scheduler, 'engine')
  const createScheduler = (): Scheduler =>
    schedulers.create({
      maxBatchSize: limits.sequences,
      minBatchSize: 1,
      batchingWindowSeconds: 0,
      maxBatchedTokens: limits.tokens,
      phaseOrder: 'prefill-first',
      watermark: 0.01,
      extra: {
        ...defaults.schedulerOptions,
        ...(plansOutput(defaults) ? { max_output_tokens: nominalTokens(point).output } : {}),
      },
    })
  const found = pointMemory(layout, defaults, limits.tokens, limits.sequences, createScheduler())
  const memory = { ...found, kvBlocks: options.kvBlocks ?? found.kvBlocks }
  const router = named(registries.routers, 'router', 'least-outstanding', 'replicas')
  const costs = costsOf(layout, options, defaults)
  const pool: PoolSpec = {
    name: 'mixed',
    role: 'mixed',
    replicas,
    devicesPerReplica: layout.tensorParallel * layout.pipelineParallel * ranks,
    attentionRanks: ranks,
    stages: layout.pipelineParallel,
    costModel: costs.model,
    createScheduler,
    router: router.create({ random: () => 0, extra: {} }),
    memory,
    power: devicePower(accelerator),
  }
  return { pool, layout, frontEnd: costs.frontEnd }
}

/** What was stated, or the engine's usual limits. */
function limitsOf(point: MeasuredPoint, defaults: EngineDefaults, requests: number): Limits {
  const most = point.max_num_seqs ?? Math.max(defaults.maxSequences, point.batch ?? 0)
  const sequences = Math.max(1, Math.min(most, requests))
  const tokens = point.max_num_batched_tokens ?? defaults.maxBatchedTokens
  const { input } = nominalTokens(point)
  const cut = !defaults.wholePrompts || input + sequences <= tokens || tokens > 2 * input
  return { sequences, tokens: cut ? tokens : input + sequences }
}

/** Whether the scheduler plans for the longest output that a client allows: here the one it gets. */
function plansOutput({ scheduler }: EngineDefaults): boolean {
  return scheduler === 'sglang' || scheduler === 'tensorrt-llm'
}

function costsOf(
  layout: ReplicaLayout,
  { costModel, registries, replicas, clientSeconds = 0 }: PointEngineOptions,
  defaults: EngineDefaults,
): { model: CostModel; frontEnd: FrontEnd } {
  const factory = named(registries.costModels, 'cost model', costModel, '--cost-model')
  if (costModel === 'roofline')
    return { model: factory.create({ ...layout, extra: {} }), frontEnd: {} }
  const calibration = measuredCosts(layout.accelerator, registries)?.calibration
  const engineProfile = profileOf(defaults, registries)
  const create = (profile: EngineProfile): CostModel =>
    factory.create({ ...layout, extra: {}, calibration, engineProfile: profile })
  return {
    model: withDrafts(create, engineProfile, layout, defaults),
    frontEnd: frontEnd(engineProfile, replicas, clientSeconds),
  }
}

/** The engine's profile, as the recipe of the measurement changes it. */
function profileOf(
  { profile, capturedTokens, expertsLaunchSeconds: experts }: EngineDefaults,
  { engineProfiles }: Registries,
): EngineProfile {
  const usual = engineProfiles.get(profile, 'engine')
  return {
    ...usual,
    ...(capturedTokens === undefined ? {} : { captured_tokens: capturedTokens }),
    ...(experts === undefined ? {} : { launch_s: { dense: 0, ...usual.launch_s, experts } }),
  }
}

/** Steps as they are, or those of an engine that drafts tokens and verifies them. */
function withDrafts(
  create: (profile: EngineProfile) => CostModel,
  profile: EngineProfile,
  layout: ReplicaLayout,
  { drafts }: EngineDefaults,
): CostModel {
  const steps = create(profile)
  if (drafts === undefined) return steps
  const { step_s, layer_s, launch_s: _, ...rest } = profile
  const captured = create({
    ...rest,
    step_s: { ...step_s, prefill: step_s.decode },
    layer_s: { ...layer_s, prefill: layer_s.decode },
  })
  return draftedSteps({ steps, captured, layers: layout.model.layers }, drafts)
}
