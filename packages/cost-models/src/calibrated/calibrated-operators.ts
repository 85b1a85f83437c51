import type { MoeFfn } from '@llmsim/contracts'
import { deepEpSeconds, exchangedBytes, type Exchange } from '../expert-exchange.js'
import { expertLayout, rowsPerToken } from '../expert-layout.js'
import { sharedExperts, type GroupOperators } from '../group-operators.js'
import { allReduces } from '../layer-operators.js'
import type { Operator } from '../operator.js'
import { operator } from './calibrated-device.js'
import { passes, type CalibratedInputs } from './calibrated-inputs.js'
import { visitedExperts } from './expert-popularity.js'
import { fullestRows, fullestVisited } from './fullest-device.js'
import { indexerOperators } from './sparse-attention.js'

/** Everything whose time depends on the number of tokens in the step alone. */
export function calibratedTokenOperators(inputs: CalibratedInputs): Operator[] {
  const { layout, device } = inputs
  const { model, tensorParallel: tp, pipelineParallel: pp } = layout
  const h = model.hidden_size
  const layers = passes(inputs, model.layers)
  const message = h * device.residualBytes
  const operators = [
    device.mover('embedding', 1, 1, 2 * message),
    ...projections(inputs, passes(inputs, inputs.shapes.attentionLayers)),
    ...stateProjections(inputs),
    ...feedForward(inputs),
    device.mover(
      'elementwise',
      layers,
      device.profile.elementwise_kernels_per_layer,
      device.residualBytes * elementwiseWidth(inputs),
    ),
  ]
  if (tp > 1) {
    const reduces = allReduces(inputs, layers, passes(inputs, inputs.shapes.moeLayers))
    operators.push(device.collective('all_reduce', reduces, 'all_reduce', tp, message))
  }
  if (pp > 1) operators.push(device.stageSends(1, message))
  return operators
}

/** Elements that norms, rotary embedding, cache writes and activations move per token and layer. */
function elementwiseWidth({ layout, shapes }: CalibratedInputs): number {
  const { model } = layout
  const inner =
    (shapes.denseLayers * shapes.denseInner + shapes.moeLayers * shapes.sharedInner) / model.layers
  // A norm reads and writes its input and the residual; gate and up are read, the product written.
  return (
    model.norm.per_layer * 4 * model.hidden_size +
    2 * shapes.qkvWidth +
    (shapes.ffnInputs + 1) * inner
  )
}

/** The products of the attention, each a kernel of its own. */
function projections(inputs: CalibratedInputs, layers: number): Operator[] {
  const { layout, shapes, device } = inputs
  const { attention, hidden_size: h } = layout.model
  const output = device.product('output_projection', layers, shapes.outputWidth, h)
  if (attention.kind === 'gqa')
    return [device.product('qkv_projection', layers, h, shapes.qkvWidth), output]
  const { heads, kvElements } = shapes
  const { kv_lora_rank: rank, q_lora_rank: queryRank } = attention
  const { qk_nope_head_dim: nope, v_head_dim: v } = attention
  const qk = heads * (nope + attention.qk_rope_head_dim)
  // Both down projections are one product; the expansion of keys and values is done to the tokens of
  // a prompt, or absorbed: as many FLOP either way.
  const query =
    queryRank === undefined
      ? [device.product('query_projection', layers, h, qk + kvElements)]
      : [
          device.product('latent_projection', layers, h, queryRank + kvElements),
          device.product('query_projection', layers, queryRank, qk),
        ]
  return [
    ...query,
    ...indexerOperators(inputs, layers, attention),
    device.product('key_value_expansion', layers, rank, heads * (nope + v)),
    output,
  ]
}

/** Products into and out of layers that keep a state; none without such. */
function stateProjections(inputs: CalibratedInputs): Operator[] {
  const { layout, shapes, device } = inputs
  if (shapes.stateLayers === 0) return []
  const h = layout.model.hidden_size
  const runs = passes(inputs, shapes.stateLayers)
  return [
    device.product('state_input_projection', runs, h, shapes.stateInput),
    device.product('state_output_projection', runs, shapes.stateOutput, h),
  ]
}

function plainNetwork(
  { layout, shapes, device }: CalibratedInputs,
  prefix: string,
  runs: number,
  inner: number,
): Operator[] {
  const h = layout.model.hidden_size
  return [
    device.product(`${prefix}_up`, runs, h, shapes.ffnInputs * inner),
    device.product(`${prefix}_down`, runs, inner, h),
  ]
}

function feedForward(inputs: CalibratedInputs): Operator[] {
  const { layout, shapes } = inputs
  const { ffn } = layout.model
  const operators: Operator[] = []
  if (shapes.denseLayers > 0)
    operators.push(
      ...plainNetwork(inputs, 'ffn', passes(inputs, shapes.denseLayers), shapes.denseInner),
    )
  if (ffn.kind === 'moe') operators.push(...mixture(inputs, ffn))
  return operators
}

function mixture(inputs: CalibratedInputs, ffn: MoeFfn): Operator[] {
  const { layout, shapes, device } = inputs
  const runs = passes(inputs, shapes.moeLayers)
  const operators = [device.product('router', runs, layout.model.hidden_size, ffn.experts, false)]
  // Those that several ranks share see the tokens of all of them.
  if (expertLayout(layout).ranks === 1) operators.push(expertsOperator(inputs, ffn))
  if (shapes.sharedInner > 0)
    operators.push(...plainNetwork(inputs, 'shared_experts', runs, shapes.sharedInner))
  return operators
}

/** The routed experts of the fullest device, for the tokens of all ranks that share them. */
function expertsOperator(inputs: CalibratedInputs, ffn: MoeFfn): Operator {
  const { layout, shapes, device } = inputs
  const { experts_per_token: k } = ffn
  const layed = expertLayout(layout)
  const rows = rowsPerToken(layed, k)
  const { stored, spread, perDevice } = layed
  const on = { devices: spread, perDevice }
  const average = k / spread
  const most = Math.min(k, perDevice)
  return device.experts(
    'experts',
    passes(inputs, shapes.moeLayers),
    { hidden: layout.model.hidden_size, inner: shapes.expertInner, matrices: shapes.ffnInputs + 1 },
    (count) => Math.max(count * rows, Math.min(count * most, fullestRows(on, count * average))),
    (count) => fullestVisited(on, visitedExperts(stored, k, count) / spread),
  )
}

/** Experts that several attention ranks share, and the way there and back; nothing with one rank. */
export function calibratedGroupOperators(inputs: CalibratedInputs): GroupOperators {
  const runs = passes(inputs, inputs.shapes.moeLayers)
  return sharedExperts(inputs.layout, {
    experts: (ffn) => expertsOperator(inputs, ffn),
    exchange: (name, exchange) =>
      operator(name, runs, (count) => ({
        seconds: exchangeSeconds(inputs, exchange, count),
        flop: 0,
        bytes: 0,
        sentBytes: exchangedBytes(exchange, count),
        bound: 'communication',
      })),
  })
}

/** Seconds of one exchange: by the measured collectives of the library, or by DeepEP. */
function exchangeSeconds(
  { layout, device }: CalibratedInputs,
  exchange: Exchange,
  tokens: number,
): number {
  const { backend, devices, direction, messageBytes } = exchange
  const { imbalance } = expertLayout(layout)
  if (backend.startsWith('deepep')) return deepEpSeconds(exchange, layout, imbalance * tokens)
  const ratio = device.ratio('collective')
  if (backend === 'all_to_all')
    return (
      ratio * device.collectiveSeconds('all_to_all', devices, imbalance * tokens * messageBytes)
    )
  const kind = direction === 'dispatch' ? 'all_gather' : 'reduce_scatter'
  return ratio * device.collectiveSeconds(kind, devices, tokens * messageBytes)
}

/** Bytes per logit that a sampler moves: reads the 16-bit logit, writes fp32 and reads it again. */
const SAMPLING_BYTES_PER_LOGIT = 10

/** Everything whose time depends on the sequences that produce a token alone. */
export function calibratedLogitOperators({ layout, shapes, device }: CalibratedInputs): Operator[] {
  const { model, tensorParallel: tp } = layout
  const operators = [device.product('lm_head', 1, model.hidden_size, shapes.vocab, false)]
  if (tp > 1)
    operators.push(
      device.collective(
        'logits_gather',
        1,
        'all_gather',
        tp,
        model.vocab_size * device.residualBytes,
      ),
    )
  operators.push(device.mover('sampling', 1, 2, model.vocab_size * SAMPLING_BYTES_PER_LOGIT))
  return operators
}
