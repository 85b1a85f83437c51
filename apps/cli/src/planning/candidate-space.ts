import type { PlainObject } from '../scenario/assignments.js'
import { isPlainObject } from '../scenario/assignments.js'

/** How one replica of a pool lies on devices of a kind. */
export interface PoolShape {
  readonly xpu: string
  readonly tp: number
  readonly pp: number
  /** Whole experts are spread over the devices of a stage. */
  readonly ep: boolean
}

/** A pool: a shape, and how often. */
export interface PoolChoice extends PoolShape {
  readonly replicas: number
}

/** What all pools of a candidate share. */
export interface EngineChoice {
  readonly maxBatchSize: number
  readonly maxBatchedTokens: number
  /** Absent: as the scenario says. */
  readonly dtype: string | undefined
  readonly kvCacheDtype: string | undefined
  readonly scheduler: string | undefined
}

/** A deployment that might be the best. */
export interface Candidate {
  /** One pool, or one for prefill and one for decode. */
  readonly pools: readonly [PoolChoice] | readonly [PoolChoice, PoolChoice]
  readonly engine: EngineChoice
  readonly router: string | undefined
  readonly devices: number
}

/** What is tried of each choice. */
export interface SearchSpace {
  readonly xpus: readonly string[]
  readonly maxDevices: number
  readonly tps: readonly number[]
  readonly pps: readonly number[]
  readonly eps: readonly boolean[]
  readonly serving: readonly ('aggregated' | 'disaggregated')[]
  /** Prefill and decode may lie on different accelerators. */
  readonly mixedXpus: boolean
  readonly engines: readonly EngineChoice[]
  readonly routers: readonly (string | undefined)[]
}

export function devicesOfShape({ tp, pp }: PoolShape): number {
  return tp * pp
}

/** Every deployment of a space whose replicas `fits` accepts, the fewest devices first. */
export function candidatesOf(
  space: SearchSpace,
  fits: (shape: PoolShape, engine: EngineChoice) => boolean,
): Candidate[] {
  const found: Candidate[] = []
  const shapes = shapesOf(space)
  for (const engine of space.engines) {
    const fitting = shapes.filter((shape) => fits(shape, engine))
    for (const candidate of [
      ...(space.serving.includes('aggregated') ? aggregated(fitting, space) : []),
      ...(space.serving.includes('disaggregated') ? disaggregated(fitting, space) : []),
    ])
      for (const router of candidate.some(({ replicas }) => replicas > 1)
        ? space.routers
        : space.routers.slice(0, 1))
        found.push({ pools: candidate, engine, router, devices: devicesOfPools(candidate) })
  }
  return found.sort((a, b) => a.devices - b.devices)
}

/** Shapes of one replica that the devices have room for. */
export function shapesOf({ xpus, tps, pps, eps, maxDevices }: SearchSpace): PoolShape[] {
  return xpus.flatMap((xpu) =>
    tps.flatMap((tp) =>
      pps.flatMap((pp) =>
        eps
          .filter((ep) => !ep || tp > 1)
          .map((ep) => ({ xpu, tp, pp, ep }))
          .filter((shape) => devicesOfShape(shape) <= maxDevices),
      ),
    ),
  )
}

type Pools = Candidate['pools']

function aggregated(shapes: readonly PoolShape[], { maxDevices }: SearchSpace): Pools[] {
  return shapes.flatMap((shape) =>
    counts(Math.floor(maxDevices / devicesOfShape(shape))).map((replicas): Pools => [
      { ...shape, replicas },
    ]),
  )
}

function disaggregated(
  shapes: readonly PoolShape[],
  { maxDevices, mixedXpus }: SearchSpace,
): Pools[] {
  const found: Pools[] = []
  for (const prefill of shapes)
    for (const decode of shapes) {
      if (!mixedXpus && prefill.xpu !== decode.xpu) continue
      const own = devicesOfShape(prefill)
      for (const replicas of counts(Math.floor((maxDevices - 1) / own)))
        for (const others of counts(
          Math.floor((maxDevices - replicas * own) / devicesOfShape(decode)),
        ))
          found.push([
            { ...prefill, replicas },
            { ...decode, replicas: others },
          ])
    }
  return found
}

function counts(most: number): number[] {
  return Array.from({ length: Math.max(0, most) }, (_, index) => index + 1)
}

function devicesOfPools(pools: Pools): number {
  return pools.reduce((sum, pool) => sum + pool.replicas * devicesOfShape(pool), 0)
}

/** The scenario of a candidate: the traffic and the rest of a base, on its devices. */
export function candidateScenario(base: PlainObject, candidate: Candidate): PlainObject {
  const { cluster, parallelism, disaggregation, ...rest } = base
  const { pools, engine, router } = candidate
  const [first, decode] = pools
  const sizes = (pool: PoolChoice): PlainObject => ({
    tensor_parallel_size: pool.tp,
    ...(pool.pp === 1 ? {} : { pipeline_parallel_size: pool.pp }),
    ...(pool.ep ? { enable_expert_parallel: true } : {}),
  })
  const interconnect = isPlainObject(cluster) ? cluster.interconnect : undefined
  const links = interconnect === undefined ? {} : { interconnect }
  const common: PlainObject = {
    ...rest,
    scheduler: {
      ...section(base.scheduler),
      ...(engine.scheduler === undefined ? {} : { name: engine.scheduler }),
      max_batch_size: engine.maxBatchSize,
      max_num_batched_tokens: engine.maxBatchedTokens,
    },
    ...(engine.dtype === undefined && engine.kvCacheDtype === undefined
      ? {}
      : {
          engine: {
            ...section(base.engine),
            ...(engine.dtype === undefined ? {} : { dtype: engine.dtype }),
            ...(engine.kvCacheDtype === undefined ? {} : { kv_cache_dtype: engine.kvCacheDtype }),
          },
        }),
    ...(router === undefined ? {} : { router: { ...section(base.router), name: router } }),
  }
  if (decode === undefined)
    return {
      ...common,
      cluster: { xpu: first.xpu, ...links },
      parallelism: {
        ...expertFields(parallelism),
        ...sizes(first),
        data_parallel_size: first.replicas,
      },
    }
  const pool = (choice: PoolChoice): PlainObject => ({
    xpu: choice.xpu,
    n_xpus: choice.replicas * devicesOfShape(choice),
    ...sizes(choice),
    ...links,
  })
  return {
    ...common,
    ...(Object.keys(expertFields(parallelism)).length === 0
      ? {}
      : { parallelism: expertFields(parallelism) }),
    disaggregation: {
      ...transferFields(disaggregation),
      enabled: true,
      prefill: pool(first),
      decode: pool(decode),
    },
  }
}

function section(value: unknown): PlainObject {
  return isPlainObject(value) ? value : {}
}

/** What a scenario says of the experts, whatever the sizes. */
function expertFields(parallelism: unknown): PlainObject {
  const given = section(parallelism)
  return Object.fromEntries(
    ['redundant_experts', 'expert_imbalance', 'all_to_all_backend'].flatMap((field) =>
      given[field] === undefined ? [] : [[field, given[field]]],
    ),
  )
}

/** What a scenario says of the link between pools. */
function transferFields(disaggregation: unknown): PlainObject {
  const { prefill: _, decode: __, ...rest } = section(disaggregation)
  return rest
}

/** `8 x h100 (tp 4, 2 replicas)`. */
export function candidateLabel({ pools, engine }: Candidate): string {
  const parts = pools.map((pool, index) => {
    const sizes = `tp ${pool.tp}${pool.pp === 1 ? '' : ` pp ${pool.pp}`}${pool.ep ? ' ep' : ''}`
    const role = pools.length === 1 ? '' : index === 0 ? 'prefill ' : 'decode '
    return `${role}${pool.replicas * devicesOfShape(pool)} x ${pool.xpu} (${sizes})`
  })
  const formats = [
    engine.dtype,
    engine.kvCacheDtype === undefined ? undefined : `kv ${engine.kvCacheDtype}`,
  ]
  return [parts.join(' + '), ...formats.filter((text) => text !== undefined)].join(' ')
}
