import type {
  CostModel,
  CostModelFactory,
  CostModelOptions,
  Model,
  ReplicaLayout,
} from '@llmsim/contracts'
import { checkLayout, Speculative, unquantisedFormat, type DraftMemory } from '@llmsim/cost-models'
import { acceptanceOf, type ResolvedSpeculation } from './scenario/resolve-speculation.js'

/** What drafts for a layout: a layer of the model's kind, or a model; undefined for a look-up. */
export function draftOf(
  target: ReplicaLayout,
  speculation: ResolvedSpeculation,
  findDraft: () => Model,
): DraftMemory | undefined {
  const { model, weightFormat } = target
  switch (speculation.method) {
    case 'ngram':
      return undefined
    case 'mtp':
      // One more layer of the model's own kind (DeepSeek-V3, arXiv:2412.19437, 2.2), laid out as the others.
      return { attached: true, layout: { ...target, model: oneLayer(model), pipelineParallel: 1 } }
    case 'eagle':
      // One layer with a plain network, in 16 bits, whole on each rank (EAGLE, arXiv:2401.15077).
      return {
        attached: true,
        layout: {
          ...alone(target),
          model: plainLayer(model),
          weightFormat: unquantisedFormat(weightFormat),
          activationFormat: unquantisedFormat(target.activationFormat),
        },
      }
    case 'draft-model': {
      const draft = findDraft()
      const layout = {
        ...alone(target),
        model: draft,
        weightFormat: draft.dtype,
        activationFormat: draft.dtype === 'fp8' ? draft.dtype : unquantisedFormat(draft.dtype),
      }
      checkLayout(layout, 'parallelism')
      return { attached: false, layout }
    }
  }
}

/** The devices of one rank, one stage: drafts are neither spread nor staged. */
function alone(target: ReplicaLayout): ReplicaLayout {
  return {
    ...target,
    pipelineParallel: 1,
    attentionDataParallel: 1,
    expertParallel: 1,
    redundantExperts: 0,
    expertImbalance: 1,
  }
}

function oneLayer(model: Model): Model {
  const { attention, ffn } = model
  const whole = { ...attention }
  if (whole.kind === 'gqa') delete whole.window
  const { state: _state, ...plain } = model
  return {
    ...plain,
    name: `${model.name} (draft)`,
    layers: 1,
    attention: whole,
    ffn: ffn.kind === 'moe' ? { ...ffn, dense_layers: 0, dense_intermediate_size: 0 } : ffn,
  }
}

function plainLayer(model: Model): Model {
  const { ffn } = model
  if (ffn.kind === 'dense') return oneLayer(model)
  const inner =
    ffn.dense_intermediate_size > 0
      ? ffn.dense_intermediate_size
      : ffn.experts_per_token * ffn.expert_intermediate_size + ffn.shared_intermediate_size
  return {
    ...oneLayer(model),
    ffn: { kind: 'dense', intermediate_size: inner, gated: ffn.gated, bias: ffn.bias },
  }
}

/** Cost models of which the steps of a draft take no time of the engine's own. */
const enginesOwn = { step_overhead_us: 0, sequence_overhead_us: 0 }

/** A cost model that drafts and verifies. A stated time per step (`fixed`) is that of both together. */
export function speculativeCosts(
  factory: CostModelFactory,
  options: CostModelOptions,
  speculation: ResolvedSpeculation,
  draft: DraftMemory | undefined,
): CostModel {
  const acceptance = acceptanceOf(speculation)
  const target = factory.create({ ...options, verifiedTokens: acceptance.length + 1 })
  const known = factory.name === 'roofline' || factory.name === 'calibrated'
  return new Speculative({
    target,
    draft:
      draft === undefined || factory.name === 'fixed'
        ? undefined
        : factory.create({
            ...options,
            ...draft.layout,
            extra: known ? enginesOwn : options.extra,
          }),
    acceptance,
  })
}
