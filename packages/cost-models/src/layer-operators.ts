import type { MoeFfn, ReplicaLayout } from '@llmsim/contracts'
import type { DeviceShapes } from './device-shapes.js'
import { deepEpSeconds, exchangedBytes, type Exchange } from './expert-exchange.js'
import { expertLayout, rowsPerToken } from './expert-layout.js'
import { sharedExperts, type GroupOperators } from './group-operators.js'
import { kernel, overhead, transfer, type KernelRates, type Operator } from './operator.js'
import type { ReplicaSpeed } from './replica-speed.js'
import type { RooflineOptions } from './roofline-options.js'

/** What operators are made from. */
export interface OperatorInputs {
  readonly layout: ReplicaLayout
  readonly shapes: DeviceShapes
  readonly speed: ReplicaSpeed
  readonly options: RooflineOptions
}

/**
 * Passes of one kind of layer: with stages each device runs as many layers as the fullest stage, so
 * an uneven split counts `ceil(layers / stages) * stages` of them.
 */
export function passes({ layout, shapes }: OperatorInputs, layers: number): number {
  return (layers * shapes.layersPerStage * layout.pipelineParallel) / layout.model.layers
}

/** A product of `count` rows with resident weights: 2 FLOP per weight and row. */
function linear(
  name: string,
  runs: number,
  rates: KernelRates,
  weights: number,
  bytesPerWeight: number,
  rowBytes: number,
): Operator {
  return kernel({
    name,
    runs,
    rates,
    flop: (count) => 2 * weights * count,
    bytes: (count) => weights * bytesPerWeight + rowBytes * count,
  })
}

/**
 * Routed experts that `tokens` tokens visit, each choosing `k` of `experts` evenly and independently:
 * `E (1 - (1 - k / E)^T)`.
 */
export function expectedExperts(experts: number, k: number, tokens: number): number {
  let power = 1
  let base = 1 - k / experts
  for (let left = Math.floor(tokens); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power *= base
    base *= base
  }
  return experts * (1 - power)
}

/** Everything whose time depends on the number of tokens in the step alone. */
export function tokenOperators(inputs: OperatorInputs): Operator[] {
  const { layout, shapes, speed, options } = inputs
  const { model, tensorParallel: tp, pipelineParallel: pp } = layout
  const h = model.hidden_size
  const residual = speed.residualBytes
  const layers = passes(inputs, model.layers)
  const attending = passes(inputs, shapes.attentionLayers)
  const { qkvWeights, qkvWidth, outputWeights, outputWidth } = shapes
  const embeddingRows = model.learned_positions === undefined ? 2 : 3
  const elementwiseBytes = residual * elementwiseWidth(inputs)
  const message = h * residual
  const operators = [
    kernel({
      name: 'embedding',
      runs: 1,
      rates: speed.unquantised,
      flop: () => 0,
      bytes: (count) => count * embeddingRows * h * residual,
    }),
    linear(
      'qkv_projection',
      attending,
      speed.linear,
      qkvWeights,
      speed.weightBytes,
      residual * (h + qkvWidth),
    ),
    linear(
      'output_projection',
      attending,
      speed.linear,
      outputWeights,
      speed.weightBytes,
      residual * (outputWidth + h),
    ),
    ...stateProjections(inputs),
    ...ffnOperators(inputs),
    kernel({
      name: 'elementwise',
      runs: layers,
      rates: speed.linear,
      flop: () => 0,
      bytes: (count) => count * elementwiseBytes,
    }),
  ]
  if (tp > 1) {
    const reduces = allReduces(inputs, layers, passes(inputs, shapes.moeLayers))
    operators.push(
      transfer(
        'all_reduce',
        reduces,
        (count) => speed.allReduce(count * message),
        (count) => ((2 * (tp - 1)) / tp) * count * message,
      ),
    )
  }
  if (pp > 1)
    operators.push(
      transfer(
        'stage_send',
        1,
        (count) => speed.stageSends(count * message),
        (count) => count * message,
      ),
    )
  operators.push(
    overhead('layer_overhead', layers * options.layerOverheadSeconds, 0),
    overhead('step_overhead', options.stepOverheadSeconds, 0),
  )
  return operators
}

/**
 * All-reduces over the devices of one attention rank. Attention and FFN end in one each, both share one
 * where they run in parallel; the sharded embedding ends in one more. Experts that several ranks share
 * end in an exchange instead.
 */
export function allReduces(
  { layout }: { readonly layout: ReplicaLayout },
  layers: number,
  moeLayers: number,
): number {
  const exchanged = expertLayout(layout).ranks > 1 ? moeLayers : 0
  return layers * (layout.model.norm.per_layer === 1 ? 1 : 2) + 1 - exchanged
}

/** Elements that norms, rotary embedding, cache writes and activations move per token and layer. */
function elementwiseWidth({ layout, shapes }: OperatorInputs): number {
  const { model } = layout
  const { ffn } = model
  const inner =
    (shapes.denseLayers * shapes.denseInner +
      (ffn.kind === 'moe'
        ? shapes.moeLayers *
          (expertLayout(layout).ranks *
            rowsPerToken(expertLayout(layout), ffn.experts_per_token) *
            shapes.expertInner +
            shapes.sharedInner)
        : 0)) /
    model.layers
  // A norm reads and writes its input and the residual; gate and up are read, the product written.
  return (
    model.norm.per_layer * 4 * model.hidden_size +
    2 * shapes.qkvWidth +
    (shapes.ffnInputs + 1) * inner
  )
}

/** Products into and out of layers that keep a state; none without such. */
function stateProjections(inputs: OperatorInputs): Operator[] {
  const { layout, shapes, speed } = inputs
  if (shapes.stateLayers === 0) return []
  const h = layout.model.hidden_size
  const runs = passes(inputs, shapes.stateLayers)
  const { linear: rates, weightBytes, residualBytes } = speed
  const product = (name: string, width: number): Operator =>
    linear(name, runs, rates, h * width, weightBytes, residualBytes * (h + width))
  return [
    product('state_input_projection', shapes.stateInput),
    product('state_output_projection', shapes.stateOutput),
  ]
}

/** A plain network: the products into and out of its inner width. */
function plainFfn(inputs: OperatorInputs, prefix: string, runs: number, inner: number): Operator[] {
  const { layout, shapes, speed } = inputs
  const h = layout.model.hidden_size
  const wide = shapes.ffnInputs * inner
  const { linear: rates, weightBytes, residualBytes } = speed
  return [
    linear(`${prefix}_up`, runs, rates, h * wide, weightBytes, residualBytes * (h + wide)),
    linear(`${prefix}_down`, runs, rates, h * inner, weightBytes, residualBytes * (h + inner)),
  ]
}

function ffnOperators(inputs: OperatorInputs): Operator[] {
  const { layout, shapes } = inputs
  const { ffn } = layout.model
  const operators: Operator[] = []
  if (shapes.denseLayers > 0)
    operators.push(
      ...plainFfn(inputs, 'ffn', passes(inputs, shapes.denseLayers), shapes.denseInner),
    )
  if (ffn.kind === 'moe') operators.push(...moeOperators(inputs, ffn))
  return operators
}

function moeOperators(inputs: OperatorInputs, ffn: MoeFfn): Operator[] {
  const { layout, shapes, speed } = inputs
  const h = layout.model.hidden_size
  const runs = passes(inputs, shapes.moeLayers)
  const { experts } = ffn
  const operators = [
    linear(
      'router',
      runs,
      speed.unquantised,
      h * experts,
      speed.unquantisedBytes,
      speed.residualBytes * (h + experts),
    ),
    // Those that several ranks share see the tokens of all of them.
    ...(expertLayout(layout).ranks === 1 ? [expertsOperator(inputs, ffn)] : []),
  ]
  if (shapes.sharedInner > 0)
    operators.push(...plainFfn(inputs, 'shared_experts', runs, shapes.sharedInner))
  return operators
}

/** The routed experts of the fullest device, for the tokens of all ranks that share them. */
function expertsOperator(inputs: OperatorInputs, ffn: MoeFfn): Operator {
  const { layout, shapes, speed } = inputs
  const h = layout.model.hidden_size
  const experts = expertLayout(layout)
  const { experts_per_token: k } = ffn
  const rows = rowsPerToken(experts, k)
  const expertWeights = h * (shapes.ffnInputs + 1) * shapes.expertInner
  const rowBytes =
    speed.residualBytes * rows * (2 * h + (shapes.ffnInputs + 1) * shapes.expertInner)
  const { stored, spread } = experts
  return kernel({
    name: 'experts',
    runs: passes(inputs, shapes.moeLayers),
    rates: speed.experts,
    flop: (count) => 2 * rows * expertWeights * count,
    bytes: (count) =>
      (expectedExperts(stored, k, count) / spread) * expertWeights * speed.weightBytes +
      rowBytes * count,
  })
}

/** Experts that several attention ranks share, and the way there and back; nothing with one rank. */
export function groupOperators(inputs: OperatorInputs): GroupOperators {
  const runs = passes(inputs, inputs.shapes.moeLayers)
  return sharedExperts(inputs.layout, {
    experts: (ffn) => expertsOperator(inputs, ffn),
    exchange: (name, exchange) =>
      transfer(
        name,
        runs,
        (count) => exchangeSeconds(inputs, exchange, count),
        (count) => exchangedBytes(exchange, count),
      ),
  })
}

/**
 * Seconds of one exchange: by the rings of an all-gather, inside nodes and then between them; by pairwise
 * sends, over both kinds of link at once; or by DeepEP.
 */
function exchangeSeconds(
  { layout, options }: OperatorInputs,
  exchange: Exchange,
  tokens: number,
): number {
  const { backend, nodes, local } = exchange
  const { imbalance } = expertLayout(layout)
  const { intraNode, interNode } = layout
  if (backend.startsWith('deepep')) return deepEpSeconds(exchange, layout, imbalance * tokens)
  const share = options.communicationEfficiency
  const rounds = (local - 1) * intraNode.latencySeconds + (nodes - 1) * interNode.latencySeconds
  const inside = exchange.intraBytes / (intraNode.bandwidthBytesPerSecond * share)
  const across = exchange.interBytes / (interNode.bandwidthBytesPerSecond * share)
  const start = options.collectiveOverheadSeconds + rounds
  if (backend === 'allgather_reducescatter') return start + tokens * (inside + across)
  return start + imbalance * tokens * Math.max(inside, across)
}

/** Bytes per logit that a sampler moves: reads the 16-bit logit, writes fp32 and reads it again. */
const SAMPLING_BYTES_PER_LOGIT = 10

/** Everything whose time depends on the sequences that produce a token alone. */
export function logitOperators({ layout, shapes, speed, options }: OperatorInputs): Operator[] {
  const { model, tensorParallel: tp } = layout
  const h = model.hidden_size
  const gathered = model.vocab_size * speed.residualBytes
  const operators = [
    linear(
      'lm_head',
      1,
      speed.unquantised,
      h * shapes.vocab,
      speed.unquantisedBytes,
      speed.residualBytes * (h + shapes.vocab),
    ),
  ]
  if (tp > 1)
    operators.push(
      transfer(
        'logits_gather',
        1,
        (count) => speed.allGather(count * gathered),
        (count) => ((tp - 1) / tp) * count * gathered,
      ),
    )
  operators.push(
    kernel({
      name: 'sampling',
      runs: 1,
      rates: speed.unquantised,
      flop: () => 0,
      bytes: (count) => count * model.vocab_size * SAMPLING_BYTES_PER_LOGIT,
    }),
    overhead('sequence_overhead', 0, options.sequenceOverheadSeconds),
  )
  return operators
}
