import type {
  AttentionReach,
  CostModel,
  CostModelFactory,
  CostModelOptions,
  OperatorCost,
  StepCost,
  StepWork,
} from '@llmsim/contracts'
import { AdapterCost } from './adapter-cost.js'
import { adaptedProducts } from './adapter-shapes.js'
import { AttentionCost, type AttentionShape } from './attention-cost.js'
import { deviceShapes } from './device-shapes.js'
import { expertLayout } from './expert-layout.js'
import { GroupSum } from './group-sum.js'
import {
  groupOperators,
  logitOperators,
  passes,
  tokenOperators,
  type OperatorInputs,
} from './layer-operators.js'
import { checkLayout } from './layout-check.js'
import { OperatorSum } from './operator.js'
import { replicaSpeed } from './replica-speed.js'
import { rooflineOptions } from './roofline-options.js'
import { StateCost } from './state-cost.js'
import { rooflineVisionKernels } from './vision-kernels.js'
import { withVision } from './vision-cost.js'
import { stepsUntil } from './steps-until.js'

const NAME = 'roofline'

class Roofline implements CostModel {
  readonly name: string = NAME
  readonly #tokens: OperatorSum
  readonly #logits: OperatorSum
  /** Layers that keep a state; undefined without such. */
  readonly #state: StateCost | undefined
  /** What LoRA adapters add. */
  readonly #adapters: AdapterCost
  /** Tokens of each decoding sequence in a step. */
  readonly #verified: number
  /** What attention ranks do together; undefined with one rank. */
  readonly #group: GroupSum | undefined
  readonly #attention: readonly AttentionCost[]
  readonly windows: readonly AttentionReach[]

  constructor(inputs: OperatorInputs) {
    this.#tokens = new OperatorSum(tokenOperators(inputs))
    this.#logits = new OperatorSum(logitOperators(inputs))
    this.#verified = inputs.layout.verifiedTokens ?? 1
    this.#state = stateCost(inputs)
    this.#adapters = adapterCost(inputs)
    const { ranks } = expertLayout(inputs.layout)
    this.#group =
      ranks === 1 ? undefined : new GroupSum(ranks, this.#verified, groupOperators(inputs))
    const shapes = attentionShapes(inputs)
    const limited = shapes.filter(({ windowTokens }) => windowTokens < Infinity)
    this.#attention = shapes.map((shape) => new AttentionCost(shape, limited.indexOf(shape)))
    this.windows = limited.map(({ windowTokens: tokens, windowKind: kind = 'sliding' }) => ({
      tokens,
      kind,
    }))
  }

  step(work: StepWork, into: StepCost): void {
    const { prefillTokens, prefillAttention, decodes, decodeContext, windows } = work
    const attention = this.#attention
    let seconds =
      this.#tokens.seconds(prefillTokens + this.#verified * decodes) +
      this.#logits.seconds(work.logits)
    if (this.#group !== undefined) seconds += this.#group.seconds(work)
    if (this.#state !== undefined)
      seconds +=
        this.#state.decodeSeconds(this.#verified * decodes) +
        this.#state.prefillSeconds(prefillTokens)
    if (work.adapters !== undefined) seconds += this.#adapters.seconds(work.adapters)
    let growth = 0
    let horizon = Infinity
    if (decodes > 0 || decodeContext > 0)
      for (const part of attention) {
        const through = windows === undefined ? undefined : windows[part.window]
        const limit = decodes * part.windowTokens
        let seen = decodeContext
        let growing = decodes
        if (through !== undefined) {
          seen = through.context
          growing = through.growing
        } else if (decodeContext >= limit) {
          seen = limit
          growing = 0
        }
        const compute = part.decodeCompute(seen)
        const memory = part.decodeMemory(decodes, seen)
        const byCompute = compute > memory
        seconds += byCompute ? compute : memory
        if (growing === 0) continue
        const slope = byCompute ? part.computePerContext : part.memoryPerContext
        const other = byCompute ? part.memoryPerContext : part.computePerContext
        growth += slope * growing
        if (part.limited) {
          const steps =
            through === undefined ? stepsUntil(limit - decodeContext, decodes) : through.steps
          if (steps < horizon) horizon = steps
        }
        if (other > slope) {
          const gap = byCompute ? compute - memory : memory - compute
          const steps = stepsUntil(gap, (other - slope) * growing)
          if (steps < horizon) horizon = steps
        }
      }
    if (prefillTokens > 0 || prefillAttention > 0) {
      growth = 0
      horizon = 1
      for (const part of attention)
        seconds += part.prefillSeconds(prefillTokens, prefillAttention, windows?.[part.window])
    }
    into.seconds = seconds
    into.growth = growth
    into.horizon = horizon
  }

  breakdown(work: StepWork): OperatorCost[] {
    const operators: OperatorCost[] = []
    this.#tokens.describe(work.prefillTokens + this.#verified * work.decodes, operators)
    this.#group?.describe(work, operators)
    for (const part of this.#attention) part.describe(work, operators)
    this.#state?.describe({ ...work, decodes: this.#verified * work.decodes }, operators)
    if (work.adapters !== undefined) this.#adapters.describe(work.adapters, operators)
    this.#logits.describe(work.logits, operators)
    return operators
  }
}

/** Layers that keep a state, at the rates of what only moves data and of 16-bit products. */
function stateCost(inputs: OperatorInputs): StateCost | undefined {
  const { layout, shapes, speed } = inputs
  const { state } = layout.model
  if (state === undefined) return undefined
  const rates = {
    runs: passes(inputs, shapes.stateLayers),
    flopPerSecond: speed.prefillAttention.flopPerSecond,
    bytesPerSecond: speed.linear.bytesPerSecond,
    startSeconds: speed.linear.memoryRampSeconds,
  }
  const elements = state.state_elements / layout.tensorParallel
  return new StateCost(rates, shapes, elements, speed.residualBytes)
}

/** LoRA adapters, at the rates of 16-bit products. */
function adapterCost(inputs: OperatorInputs): AdapterCost {
  const { layout, shapes, speed } = inputs
  const { flopPerSecond, bytesPerSecond, memoryRampSeconds: startSeconds } = speed.unquantised
  return new AdapterCost(
    adaptedProducts(layout, shapes),
    (layers) => passes(inputs, layers),
    { flopPerSecond, bytesPerSecond, startSeconds, elementBytes: speed.residualBytes },
    layout.verifiedTokens ?? 1,
  )
}

/** Attention per device: of the layers that see everything, and of those with a window. */
function attentionShapes(inputs: OperatorInputs): AttentionShape[] {
  const { layout, shapes, speed } = inputs
  const { attention } = layout.model
  const { attentionLayers: layers } = shapes
  const { heads } = shapes
  const verified = layout.verifiedTokens ?? 1
  const common = {
    kvBytesPerToken: shapes.kvElements * speed.kvBytes,
    prefillRates: speed.prefillAttention,
    decodeRates: speed.decodeAttention,
  }
  if (attention.kind === 'mla') {
    const { kv_lora_rank: rank, qk_rope_head_dim: rope, v_head_dim: v } = attention
    const qk = attention.qk_nope_head_dim + rope
    // Prefill expands keys and values per head; decode attends in the latent (arXiv:2405.04434, 2.1).
    const full: AttentionShape = {
      ...common,
      name: 'full',
      layers: passes(inputs, layers),
      windowTokens: Infinity,
      flopPerPair: 2 * heads * (qk + v),
      flopPerContextToken: verified * 2 * heads * (2 * rank + rope),
      prefillRowBytes: speed.residualBytes * heads * (2 * qk + 2 * v),
      decodeRowBytes: verified * speed.residualBytes * heads * (2 * rank + rope),
    }
    const { indexer } = attention
    if (indexer === undefined) return [full]
    const scores = 2 * indexer.heads * indexer.head_dim
    return [
      {
        ...full,
        name: 'indexer',
        flopPerPair: scores,
        flopPerContextToken: verified * scores,
        kvBytesPerToken: shapes.indexBytes,
        prefillRowBytes: indexer.heads * indexer.head_dim,
        decodeRowBytes: verified * indexer.heads * indexer.head_dim,
      },
      { ...full, name: 'sparse', windowTokens: indexer.topk, windowKind: 'sliding' },
    ]
  }
  const { head_dim: dim, window } = attention
  const windowed = Math.min(window?.layers ?? 0, layers)
  // Scores and weighted values: 2 FLOP each per head dimension.
  const grouped = {
    ...common,
    flopPerPair: 4 * heads * dim,
    flopPerContextToken: verified * 4 * heads * dim,
    prefillRowBytes: speed.residualBytes * 2 * heads * dim,
    decodeRowBytes: verified * speed.residualBytes * 2 * heads * dim,
  }
  const shapesByReach: AttentionShape[] = []
  if (windowed < layers)
    shapesByReach.push({
      ...grouped,
      name: 'full',
      layers: passes(inputs, layers - windowed),
      windowTokens: Infinity,
    })
  if (windowed > 0)
    shapesByReach.push({
      ...grouped,
      name: 'windowed',
      layers: passes(inputs, windowed),
      windowTokens: window?.tokens ?? Infinity,
      ...(window === undefined ? {} : { windowKind: window.kind }),
    })
  return shapesByReach
}

/**
 * First principles: each operator takes the larger of its compute and its memory time, at the shares
 * of the datasheet's peaks that such devices reach, plus launches, collectives and engine overheads.
 *
 * `seconds` spans all pipeline stages, each as slow as the fullest one. `create` throws a
 * `SimulatorError` for a layout that the model cannot take (`checkLayout`), for a number format that
 * the accelerator cannot compute (`resolveComputeFormat`), and for unknown or invalid options.
 */
export const rooflineCostModel: CostModelFactory = {
  name: NAME,
  description: 'Each operator at the larger of its compute and memory time, plus overheads.',
  create(given: CostModelOptions): CostModel {
    checkLayout(given)
    const options = rooflineOptions(given.accelerator, given.extra)
    const speed = replicaSpeed(given, options)
    const model = new Roofline({ layout: given, shapes: deviceShapes(given), speed, options })
    return withVision(model, given, () => rooflineVisionKernels(given, speed))
  },
}
