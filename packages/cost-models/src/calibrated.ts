import type {
  AttentionReach,
  Calibration,
  CostModel,
  CostModelFactory,
  CostModelOptions,
  EngineProfile,
  OperatorCost,
  StepCost,
  StepWork,
} from '@llmsim/contracts'
import { calibratedAttention } from './calibrated/attention-of-model.js'
import type { CalibratedAttention } from './calibrated/calibrated-attention.js'
import { AdapterCost } from './adapter-cost.js'
import { adaptedProducts } from './adapter-shapes.js'
import { CalibratedDevice } from './calibrated/calibrated-device.js'
import { CapturedGraphs } from './calibrated/captured-graphs.js'
import { passes, type CalibratedInputs } from './calibrated/calibrated-inputs.js'
import {
  calibratedGroupOperators,
  calibratedLogitOperators,
  calibratedTokenOperators,
} from './calibrated/calibrated-operators.js'
import { calibratedVisionKernels } from './calibrated/calibrated-vision.js'
import { calibratedOptions } from './calibrated/calibrated-options.js'
import { datasheetCalibration, usualEngineProfile } from './calibrated/datasheet-calibration.js'
import { deviceShapes } from './device-shapes.js'
import { expertLayout } from './expert-layout.js'
import { GroupSum } from './group-sum.js'
import { checkLayout } from './layout-check.js'
import { OperatorSum } from './operator.js'
import { unquantisedFormat } from './compute-format.js'
import { curveOf } from './calibrated/curve-choice.js'
import { gatedDeltaScan, StateCost } from './state-cost.js'
import { withVision } from './vision-cost.js'
import { stepsUntil } from './steps-until.js'

export * from './calibrated/collective-time.js'
export * from './calibrated/decode-lines.js'
export * from './calibrated/grouped-kernel.js'
export * from './calibrated/kernel-device.js'
export * from './calibrated/matrix-kernel.js'
export * from './calibrated/prefill-kernel.js'
export * from './calibrated/transfer-calibration.js'
export { datasheetCalibration, usualEngineProfile } from './calibrated/datasheet-calibration.js'

const NAME = 'calibrated'

/** Seconds that the engine adds to the kernels of a step. */
interface EngineOverhead {
  readonly decodeStep: number
  readonly prefillStep: number
  readonly perToken: number
  readonly perSequence: number
  /** Seconds in which the host launches a step with prompt tokens, under the kernels. */
  readonly launch: number
  /** Tokens up to which such a step is a captured graph. */
  readonly capturedTokens: number
  readonly graphs: CapturedGraphs
}

class Calibrated implements CostModel {
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
  readonly #attention: readonly CalibratedAttention[]
  readonly windows: readonly AttentionReach[]
  readonly #engine: EngineOverhead

  constructor(inputs: CalibratedInputs, engine: EngineOverhead) {
    this.#tokens = new OperatorSum(calibratedTokenOperators(inputs))
    this.#logits = new OperatorSum(calibratedLogitOperators(inputs))
    this.#verified = inputs.layout.verifiedTokens ?? 1
    this.#state = stateCost(inputs)
    this.#adapters = adapterCost(inputs)
    const { ranks } = expertLayout(inputs.layout)
    this.#group =
      ranks === 1
        ? undefined
        : new GroupSum(ranks, this.#verified, calibratedGroupOperators(inputs))
    this.#attention = calibratedAttention(inputs)
    this.windows = this.#attention
      .filter(({ limited }) => limited)
      .map(({ parts }) => ({ tokens: parts.windowTokens, kind: parts.windowKind }))
    this.#engine = engine
  }

  step(work: StepWork, into: StepCost): void {
    const { prefillTokens, prefillAttention, decodes, decodeContext, logits, windows } = work
    const attention = this.#attention
    const engine = this.#engine
    const tokens = prefillTokens + this.#verified * decodes
    const prompts = prefillTokens > 0 || prefillAttention > 0
    const launched = prompts && tokens > engine.capturedTokens
    const computed = launched ? tokens : engine.graphs.tokens(tokens)
    let seconds =
      this.#tokens.seconds(computed) +
      this.#logits.seconds(logits) +
      engine.perToken * tokens +
      engine.perSequence * logits
    if (this.#group !== undefined) seconds += this.#group.seconds(work, launched ? 0 : computed)
    if (this.#state !== undefined)
      seconds +=
        this.#state.decodeSeconds(this.#verified * decodes) +
        this.#state.prefillSeconds(prefillTokens)
    if (work.adapters !== undefined) seconds += this.#adapters.seconds(work.adapters)
    let growth = 0
    let horizon = Infinity
    if (decodes > 0 || decodeContext > 0)
      for (const part of attention) {
        const { lines } = part
        const through = windows === undefined ? undefined : windows[part.parts.window]
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
        const memory =
          lines.memoryFixed + lines.memoryPerSequence * decodes + lines.memoryPerContext * seen
        const compute = lines.computeFixed + lines.computePerContext * seen
        let largest = lines.floor
        let slope = 0
        if (memory > largest) {
          largest = memory
          slope = lines.memoryPerContext
        }
        if (compute > largest) {
          largest = compute
          slope = lines.computePerContext
        }
        if (prompts) {
          const unpacked = lines.computeFixed + lines.unpackedPerContext * seen
          if (unpacked > largest) largest = unpacked
        }
        seconds += largest
        if (growing === 0) continue
        growth += slope * growing
        if (part.limited) {
          const steps =
            through === undefined ? stepsUntil(limit - decodeContext, decodes) : through.steps
          if (steps < horizon) horizon = steps
        }
        if (lines.memoryPerContext > slope) {
          const steps = stepsUntil(largest - memory, (lines.memoryPerContext - slope) * growing)
          if (steps < horizon) horizon = steps
        }
        if (lines.computePerContext > slope) {
          const steps = stepsUntil(largest - compute, (lines.computePerContext - slope) * growing)
          if (steps < horizon) horizon = steps
        }
      }
    if (prompts) {
      growth = 0
      horizon = 1
      for (const part of attention)
        seconds += part.prefillSeconds(
          prefillTokens,
          prefillAttention,
          windows?.[part.parts.window],
        )
      seconds += engine.prefillStep
      if (launched) {
        const added = engine.prefillStep + engine.perToken * tokens + engine.perSequence * logits
        if (seconds - added < engine.launch) seconds = engine.launch + added
      }
    } else if (tokens > 0) seconds += engine.decodeStep
    into.seconds = seconds
    into.growth = growth
    into.horizon = horizon
  }

  breakdown(work: StepWork): OperatorCost[] {
    const operators: OperatorCost[] = []
    const engine = this.#engine
    const { prefillTokens, prefillAttention, decodes, logits } = work
    const tokens = prefillTokens + this.#verified * decodes
    const prefills = prefillTokens > 0 || prefillAttention > 0
    const launched = prefills && tokens > engine.capturedTokens
    const computed = launched ? tokens : engine.graphs.tokens(tokens)
    this.#tokens.describe(computed, operators)
    this.#group?.describe(work, operators, launched ? 0 : computed)
    for (const part of this.#attention) part.describe(work, operators)
    this.#state?.describe({ ...work, decodes: this.#verified * decodes }, operators)
    if (work.adapters !== undefined) this.#adapters.describe(work.adapters, operators)
    this.#logits.describe(logits, operators)
    const overhead = (name: string, seconds: number): void => {
      if (seconds > 0)
        operators.push({ name, seconds, flop: 0, bytes: 0, sentBytes: 0, bound: 'overhead' })
    }
    if (launched) {
      const kernels = operators.reduce((sum, { seconds }) => sum + seconds, 0)
      overhead('engine_launch', engine.launch - kernels)
    }
    if (prefills || tokens > 0)
      overhead('engine_step', prefills ? engine.prefillStep : engine.decodeStep)
    overhead('engine_tokens', engine.perToken * tokens)
    overhead('engine_sequences', engine.perSequence * logits)
    return operators
  }
}

/**
 * Layers that keep a state: what only moves data as the elementwise kernels do, products as prefill attention.
 * No calibration has curves of them; the chunks of Gated DeltaNet take what they were measured to take.
 */
function stateCost(inputs: CalibratedInputs): StateCost | undefined {
  const { layout, shapes, device } = inputs
  const { state } = layout.model
  if (state === undefined) return undefined
  const { kernels } = device.calibration
  const format = unquantisedFormat(layout.activationFormat)
  const { flopPerSecond, bytesPerSecond } = device.device(format, format)
  const share = curveOf(kernels.prefill_attention, format)?.compute_fraction ?? 1
  const { memory_fraction: memory, latency_s: latency } = kernels.elementwise
  const rates = {
    runs: passes(inputs, shapes.stateLayers),
    flopPerSecond: flopPerSecond * share,
    bytesPerSecond: bytesPerSecond * memory,
    startSeconds: 2 * latency,
    ...(state.kind === 'gated-delta' ? { chunked: gatedDeltaScan } : {}),
  }
  return new StateCost(
    rates,
    shapes,
    state.state_elements / layout.tensorParallel,
    device.residualBytes,
  )
}

/**
 * LoRA adapters: what they move as the elementwise kernels do, what they compute at the share and with the start of
 * 16-bit products. No calibration has curves of them.
 */
function adapterCost(inputs: CalibratedInputs): AdapterCost {
  const { layout, shapes, device } = inputs
  const { gemm, elementwise } = device.calibration.kernels
  const format = unquantisedFormat(layout.activationFormat)
  const { flopPerSecond, bytesPerSecond } = device.device(format, format)
  const curve = curveOf(gemm, format)
  const rates = {
    flopPerSecond: flopPerSecond * (curve?.compute_fraction ?? 1),
    bytesPerSecond: bytesPerSecond * elementwise.memory_fraction,
    startSeconds: curve?.latency_s ?? elementwise.latency_s,
    elementBytes: device.residualBytes,
  }
  return new AdapterCost(
    adaptedProducts(layout, shapes),
    (layers) => passes(inputs, layers),
    rates,
    layout.verifiedTokens ?? 1,
  )
}

/**
 * First principles corrected by measurement: each operator by the curve that was fitted to its kind of
 * kernel on this accelerator, plus what the engine adds.
 *
 * `calibration` and `engineProfile` of the options say which; without them the roofline's round shares
 * and a usual Python engine. `cost_model.options`: `step_overhead_us` and
 * `sequence_overhead_us` in place of the profile's.
 * `create` throws a `SimulatorError` as the roofline does.
 */
export const calibratedCostModel: CostModelFactory = {
  name: NAME,
  description: 'Each operator by curves fitted to measured kernels, plus what the engine adds.',
  create(given: CostModelOptions): CostModel {
    checkLayout(given)
    const options = calibratedOptions(given)
    const calibration: Calibration = given.calibration ?? datasheetCalibration(given.accelerator)
    const profile: EngineProfile = given.engineProfile ?? usualEngineProfile
    const inputs: CalibratedInputs = {
      layout: given,
      shapes: deviceShapes(given),
      device: new CalibratedDevice(given, calibration, profile),
    }
    const layers = passes(inputs, given.model.layers)
    const ranks = (given.tensorParallel * given.pipelineParallel - 1) * profile.rank_s
    const step = (kind: 'decode' | 'prefill'): number =>
      (options.stepSeconds ?? profile.step_s[kind]) + ranks + layers * profile.layer_s[kind]
    const decodeStep = step('decode')
    const model = new Calibrated(inputs, {
      decodeStep,
      prefillStep: Math.max(decodeStep, step('prefill')),
      perToken: profile.token_s,
      perSequence: options.sequenceSeconds ?? profile.sequence_s,
      launch:
        passes(inputs, inputs.shapes.denseLayers) * (profile.launch_s?.dense ?? 0) +
        passes(inputs, inputs.shapes.moeLayers) * (profile.launch_s?.experts ?? 0),
      capturedTokens: profile.captured_tokens ?? 0,
      graphs: new CapturedGraphs(profile.captured_sizes ?? []),
    })
    return withVision(model, given, () => calibratedVisionKernels(given, inputs.device))
  },
}
