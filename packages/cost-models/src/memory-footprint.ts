import {
  bytesPerElement,
  GIB,
  parameterCounts,
  type Model,
  type ReplicaLayout,
} from '@llmsim/contracts'
import { adapterBytesPerRank } from './adapter-shapes.js'
import { unquantisedFormat } from './compute-format.js'
import { deviceShapes, type DeviceShapes } from './device-shapes.js'
import { expertLayout, rowsPerToken } from './expert-layout.js'
import { kvGroups, type KvGroups } from './kv-groups.js'
import { visionMemory } from './vision-memory.js'

/** What the engine may use, and the largest step that it runs. */
export interface MemoryOptions {
  /** Share of the device memory that the engine may use, in (0, 1]; 0.9 when absent, as in vLLM. */
  readonly memoryUtilization?: number
  /** Tokens in a KV block. */
  readonly blockSize: number
  /** Tokens in one step at most. */
  readonly maxBatchedTokens: number
  /** Sequences in one step at most. */
  readonly maxBatchSize: number
  /** What drafts tokens for the model, on the same devices. */
  readonly draft?: DraftMemory | undefined
  /** Whether requests may have images. */
  readonly images?: boolean | undefined
  /** Slots for LoRA adapters, each of so large a rank; none when absent. */
  readonly adapters?: { readonly slots: number; readonly rank: number } | undefined
  /** Whether layers with a window keep all tokens as the others do; false when absent. */
  readonly wholeContexts?: boolean | undefined
  /**
   * Whether each KV block has the state at its end with it, of layers that keep one, so that another sequence
   * can go on from there; otherwise a sequence has its last one beside its blocks.
   */
  readonly statePerBlock?: boolean | undefined
}

/** What a draft holds beside the model that verifies it. */
export interface DraftMemory {
  readonly layout: ReplicaLayout
  /** Whether it is a layer of the model's own, behind a projection, with the model's embedding and LM head. */
  readonly attached: boolean
}

/** A part of the memory, for printing. */
export interface MemoryPart {
  readonly name: string
  readonly bytes: number
}

/** Memory of the fullest device of a replica, in bytes. */
export interface MemoryFootprint {
  /** What the device offers. */
  readonly deviceBytes: number
  readonly weightBytes: number
  /** Of these, what a draft takes; 0 without one. */
  readonly draftWeightBytes: number
  /** Activations at the largest step. */
  readonly activationBytes: number
  /** What the engine may not use, plus what it and its libraries hold besides. */
  readonly reserveBytes: number
  /** Slots for LoRA adapters; and of one adapter, for each of its ranks. */
  readonly adapterBytes: number
  readonly adapterBytesPerRank: number
  /** The same of the whole of it, as it is stored. */
  readonly adapterBytesPerRankWhole: number
  /** Weights, adapters, activations and reserve together: in use before any KV block. */
  readonly staticBytes: number
  /** What is left for the KV cache; negative when the model does not fit. */
  readonly kvCacheBytes: number
  /** Of one token, on the fullest device. */
  readonly kvBytesPerTokenPerDevice: number
  /** Of one token in the whole replica, each head counted once: what a KV transfer moves. */
  readonly kvBytesPerToken: number
  /** How layers share the KV blocks where some keep a window only; absent: a block is of all layers. */
  readonly groups?: KvGroups
  /** Of `kvBytesPerToken`, the bytes of layers that keep a window only. */
  readonly windowedBytesPerToken: number
  /** Of one KV block (of one group of layers, where there are groups), on the fullest device. */
  readonly bytesPerBlock: number
  readonly blockSize: number
  /** State of one sequence (linear attention, state-space layers): on the fullest device, and whole. */
  readonly stateBytesPerDevice: number
  readonly stateBytes: number
  /** KV blocks that the state of one sequence takes: whole ones. */
  readonly stateBlocks: number
  /** KV blocks of the replica: whole ones, 0 when the model does not fit. */
  readonly kvBlocks: number
  /** The parts that add up to `deviceBytes` (the KV cache as 0 when the model does not fit). */
  readonly parts: readonly MemoryPart[]
}

/** Driver context and kernels of one process, in bytes: 0.3 to 0.6 GiB on current devices. */
const CONTEXT_BYTES = 0.5 * GIB

/** Buffers of the collectives' library where a replica spans devices: NCCL takes about 0.4 GiB. */
const COLLECTIVE_BYTES = 0.5 * GIB

/** Bytes of one element of the logits that a sampler works on (fp32). */
const LOGIT_BYTES = 4

/**
 * Weights of the fullest device, in bytes.
 *
 * Projections and plain networks are split over TP (key/value heads replicated where TP has more devices
 * than there are heads; the down projections of MLA are whole on each), norms and biases replicated,
 * embedding and LM head split over TP; ranks of attention data parallelism each hold all of these.
 * Experts are spread over the devices of all ranks, the fullest device counts, and split over what is left. With stages the fullest one holds `ceil(layers / stages)` layers
 * and the larger of embedding and LM head; a single stage holds both. Embedding, LM head, router and
 * norms keep at least 16 bits, as in published quantised checkpoints. The scales of quantised weights
 * are not counted.
 */
export function weightBytesPerDevice(layout: ReplicaLayout): number {
  return weightBytes(layout, deviceShapes(layout))
}

function weightBytes(layout: ReplicaLayout, shapes: DeviceShapes): number {
  const { model, tensorParallel: tp, pipelineParallel: pp } = layout
  const counts = parameterCounts(model)
  const narrow = bytesPerElement[layout.weightFormat]
  const wide = bytesPerElement[unquantisedFormat(layout.weightFormat)]
  const { perDevice, split } = expertLayout(layout)
  // As if they were split over TP, like the rest: whole numbers, so that nothing is rounded.
  const experts = model.ffn.kind === 'moe' ? (perDevice * tp) / split : 0
  // Of an average layer: which stage holds the plain ones of a mixture is not known.
  const dense = counts.denseLayers / model.layers
  const moe = counts.moeLayers / model.layers
  const attention = counts.attentionLayers / model.layers
  const state = counts.stateLayers / model.layers
  const matrices =
    attention * (shapes.qkvWeights + shapes.outputWeights) +
    state * model.hidden_size * (shapes.stateInput + shapes.stateOutput) +
    (dense * counts.denseFfn + moe * (experts * counts.expert + counts.sharedExperts)) / tp
  const stateRest = model.state?.other_parameters ?? 0
  const rest =
    attention * shapes.attentionRest +
    state * stateRest +
    counts.normsPerLayer +
    moe * counts.router
  const layers = shapes.layersPerStage * (matrices * narrow + rest * wide)
  const embedding = counts.embedding / tp
  // A tied matrix lies on the first and on the last stage.
  const head = (counts.lmHead > 0 ? counts.lmHead : counts.embedding) / tp
  const ends = pp === 1 ? embedding + counts.lmHead / tp : Math.max(embedding, head)
  return layers + wide * (ends + counts.finalNorm + counts.other / tp)
}

/**
 * Activations at the largest step, in bytes of one device.
 *
 * Layers run one after another in the same buffers, so the peak is that of one layer: the residual and
 * the hidden state (`2 h` elements per token) and the wider of the attention's `qkv + output` and the
 * FFN's `(inputs + 1) * inner` (for a mixture `h + (inputs + 1) * inner` of each copy that the experts of
 * the fullest device get, with the tokens of all ranks). Added to it are the fp32 logits of all sequences with the whole vocabulary.
 */
export function activationBytesPerDevice(
  layout: ReplicaLayout,
  options: Pick<MemoryOptions, 'maxBatchedTokens' | 'maxBatchSize'>,
): number {
  const { model } = layout
  const { ffn } = model
  const shapes = deviceShapes(layout)
  const element = bytesPerElement[unquantisedFormat(layout.activationFormat)]
  const wide = shapes.ffnInputs + 1
  const routed =
    ffn.kind === 'moe'
      ? received(layout, ffn.experts_per_token) * (model.hidden_size + wide * shapes.expertInner) +
        wide * shapes.sharedInner
      : 0
  const dense = shapes.denseLayers > 0 ? wide * shapes.denseInner : 0
  const widest = Math.max(shapes.qkvWidth + shapes.outputWidth, routed, dense)
  const sequences = Math.min(options.maxBatchSize, options.maxBatchedTokens)
  return (
    options.maxBatchedTokens * element * (2 * model.hidden_size + widest) +
    sequences * model.vocab_size * LOGIT_BYTES
  )
}

/** Weights of a draft on the fullest device, in bytes. */
function draftWeightBytes({ layout, attached }: DraftMemory): number {
  if (!attached) return weightBytesPerDevice(layout)
  const { model, tensorParallel: tp, weightFormat } = layout
  const h = model.hidden_size
  const layer = { ...model, vocab_size: 0, lm_head_bias: false, other_parameters: 0 }
  // The hidden state and the embedding of the last token are joined, and projected to one.
  const projection = (2 * h * h * bytesPerElement[weightFormat]) / tp
  return weightBytesPerDevice({ ...layout, model: layer }) + projection
}

/** Rows that the experts of the fullest device get for each token of one rank, all ranks being full. */
function received(layout: ReplicaLayout, k: number): number {
  const experts = expertLayout(layout)
  return experts.ranks * rowsPerToken(experts, k)
}

/** KV cache of one token in all layers, in bytes: on the fullest device, and in the whole replica. */
export function kvBytes(layout: ReplicaLayout): { perDevice: number; whole: number } {
  const shapes = deviceShapes(layout)
  const element = bytesPerElement[layout.kvCacheFormat]
  return {
    perDevice:
      (((shapes.layersPerStage * shapes.attentionLayers) / layout.model.layers) *
        (shapes.kvElements * element + shapes.indexBytes)) /
      (layout.contextParallel ?? 1),
    whole: shapes.attentionLayers * (shapes.kvElementsWhole * element + shapes.indexBytes),
  }
}

/** State of one sequence in all layers that keep one, in bytes. */
function stateBytesOf(layout: ReplicaLayout): { perDevice: number; whole: number } {
  const { stateLayers, stateBytes, layersPerStage } = deviceShapes(layout)
  return {
    perDevice: ((layersPerStage * stateLayers) / layout.model.layers) * stateBytes,
    whole: stateLayers * stateBytes * layout.tensorParallel,
  }
}

/**
 * Where the memory of a replica's fullest device goes. It does not throw when the model does not fit:
 * see `requireFit`.
 */
export function memoryFootprint(layout: ReplicaLayout, options: MemoryOptions): MemoryFootprint {
  const utilization = options.memoryUtilization ?? 0.9
  const deviceBytes = layout.accelerator.memory_bytes
  const devices =
    layout.tensorParallel *
    layout.pipelineParallel *
    expertLayout(layout).ranks *
    (layout.contextParallel ?? 1)
  const { draft } = options
  const drafting = draft === undefined ? undefined : kvBytes(draft.layout)
  const drafts = draft === undefined ? 0 : draftWeightBytes(draft)
  const weights = weightBytesPerDevice(layout) + drafts
  const vision =
    options.images === true ? visionMemory(layout, options.maxBatchedTokens) : undefined
  const activationBytes =
    Math.max(activationBytesPerDevice(layout, options), vision?.activationBytes ?? 0) +
    (vision?.outputBytes ?? 0)
  const unused = (1 - utilization) * deviceBytes
  const context = CONTEXT_BYTES + (devices > 1 ? COLLECTIVE_BYTES : 0)
  const reserveBytes = unused + context
  const adapterRankBytes = adapterBytesPerRank(layout, deviceShapes(layout))
  const { adapters: { slots, rank } = { slots: 0, rank: 0 } } = options
  const adapterBytes = slots * rank * adapterRankBytes
  const staticBytes = weights + adapterBytes + activationBytes + reserveBytes
  const kvCacheBytes = deviceBytes - staticBytes
  const own = kvBytes(layout)
  const perDevice = own.perDevice + (drafting?.perDevice ?? 0)
  const whole = own.whole + (drafting?.whole ?? 0)
  const { attentionLayers } = deviceShapes(layout)
  const perLayer = own.perDevice / attentionLayers
  // The layers of a draft count as so many of the model's.
  const draftLayers = Math.ceil((drafting?.perDevice ?? 0) / perLayer)
  const state = stateBytesOf(layout)
  const statePerBlock = options.statePerBlock === true && state.perDevice > 0
  // A block of all layers has one state with it.
  const groups =
    options.wholeContexts === true || statePerBlock
      ? undefined
      : kvGroups(layout.model, attentionLayers, draftLayers)
  const blockBytesPerToken = groups === undefined ? perDevice : groups.layers * perLayer
  const bytesPerBlock =
    blockBytesPerToken * options.blockSize + (statePerBlock ? state.perDevice : 0)
  return {
    deviceBytes,
    weightBytes: weights,
    draftWeightBytes: drafts,
    activationBytes,
    reserveBytes,
    adapterBytes,
    adapterBytesPerRank: adapterRankBytes,
    adapterBytesPerRankWhole: wholeAdapterBytes(layout),
    staticBytes,
    kvCacheBytes,
    kvBytesPerTokenPerDevice: perDevice,
    kvBytesPerToken: whole,
    ...(groups === undefined ? {} : { groups }),
    windowedBytesPerToken:
      groups === undefined ? 0 : own.whole * windowedShare(layout.model, attentionLayers),
    bytesPerBlock,
    blockSize: options.blockSize,
    stateBytesPerDevice: state.perDevice,
    stateBytes: state.whole,
    stateBlocks: statePerBlock ? 0 : Math.ceil(state.perDevice / bytesPerBlock),
    kvBlocks: Math.max(0, Math.floor(kvCacheBytes / bytesPerBlock)),
    parts: [
      { name: 'weights', bytes: weights },
      ...(adapterBytes > 0 ? [{ name: 'LoRA adapters', bytes: adapterBytes }] : []),
      { name: 'activations', bytes: activationBytes },
      { name: 'context and libraries', bytes: context },
      { name: 'left unused', bytes: unused },
      { name: 'KV cache', bytes: Math.max(0, kvCacheBytes) },
    ],
  }
}

/** Bytes of one LoRA adapter, for each of its ranks, split over nothing. */
function wholeAdapterBytes(layout: ReplicaLayout): number {
  const whole = { ...layout, tensorParallel: 1, pipelineParallel: 1, expertParallel: 1 }
  return adapterBytesPerRank(whole, deviceShapes(whole))
}

/** Share of the attention layers that have a window. */
function windowedShare({ attention }: Model, layers: number): number {
  const { layers: windowed = 0 } = attention.kind === 'gqa' ? (attention.window ?? {}) : {}
  return Math.min(windowed, layers) / layers
}

/** KV blocks that a sequence of `tokens` tokens holds while it decodes. */
export function blocksOfSequence(
  { stateBlocks, blockSize, groups }: Pick<MemoryFootprint, 'stateBlocks' | 'blockSize' | 'groups'>,
  tokens: number,
): number {
  const blocks = Math.max(1, Math.ceil(tokens / blockSize))
  if (groups === undefined) return stateBlocks + blocks
  const { fullGroups, windowedGroups, tokens: reach, kind } = groups
  // A sliding window begins anywhere in a block.
  const most =
    kind === 'chunked' ? Math.ceil(reach / blockSize) : Math.ceil((reach - 1) / blockSize) + 1
  return stateBlocks + fullGroups * blocks + windowedGroups * Math.min(blocks, most)
}

/** Sequences of `tokens` tokens that the KV cache holds at once. */
export function maxConcurrentSequences(footprint: MemoryFootprint, tokens: number): number {
  return Math.floor(footprint.kvBlocks / blocksOfSequence(footprint, tokens))
}
