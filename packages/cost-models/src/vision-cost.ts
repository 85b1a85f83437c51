import type {
  AttentionReach,
  CostModel,
  ImageWork,
  OperatorCost,
  ReplicaLayout,
  StepCost,
  StepWork,
  VisionEncoder,
} from '@llmsim/contracts'
import { OperatorSum, type Operator } from './operator.js'

/** What an encoder of images runs on, as a cost model knows it: one device, 16-bit products. */
export interface VisionKernels {
  /** Bytes of an element of activations. */
  readonly elementBytes: number
  /** Products of all rows with a matrix of `depth` by `columns`. */
  product(name: string, runs: number, depth: number, columns: number): Operator
  /** What moves so many bytes of each row. */
  mover(name: string, runs: number, bytesPerRow: number): Operator
  allReduce(name: string, runs: number, bytesPerRow: number): Operator
  /** Seconds of the attention of one layer. */
  attention(shape: VisionAttention): number
}

/** Attention of one layer of the encoder on one device, each patch over all of its image or window. */
export interface VisionAttention {
  tokens: number
  pairs: number
  heads: number
  /** FLOP of one head and pair. */
  flopPerPair: number
  /** Bytes of queries, keys, values and results that one patch moves. */
  bytesPerToken: number
}

/** Passes over the residual in a layer: two norms, each with an addition, read and write two of them. */
const RESIDUAL_PASSES = 8
/** Passes over queries and keys, which their positions rotate. */
const ROTARY_PASSES = 4

/**
 * A cost model of a model that takes images: the encoder computes those of a step first, in one batch.
 *
 * A layer has four products (one more where networks are gated), attention over all pairs of patches of an image or
 * of a window, norms and activations; products and heads are split over the devices of tensor parallelism, as
 * vLLM does unless told otherwise, with two all-reduces in a layer. The projector takes merged patches.
 */
class WithVision implements CostModel {
  readonly name: string
  readonly windows: readonly AttentionReach[]
  readonly #inner: CostModel
  readonly #patches: OperatorSum
  readonly #tokens: OperatorSum
  readonly #kernels: VisionKernels
  readonly #vision: VisionEncoder
  readonly #shape: VisionAttention

  constructor(
    inner: CostModel,
    vision: VisionEncoder,
    tensorParallel: number,
    kernels: VisionKernels,
  ) {
    const { hidden_size: hidden, heads } = vision
    this.name = inner.name
    this.windows = inner.windows ?? []
    this.#inner = inner
    this.#vision = vision
    this.#kernels = kernels
    this.#patches = new OperatorSum(patchOperators(vision, tensorParallel, kernels))
    this.#tokens = new OperatorSum(projectorOperators(vision, kernels))
    this.#shape = {
      tokens: 0,
      pairs: 0,
      heads: Math.ceil(heads / tensorParallel),
      flopPerPair: (4 * hidden) / heads,
      bytesPerToken: (4 * hidden * kernels.elementBytes) / tensorParallel,
    }
  }

  step(work: StepWork, into: StepCost): void {
    this.#inner.step(work, into)
    const { images } = work
    if (images === undefined || images.images === 0) return
    into.seconds +=
      this.#patches.seconds(images.patches) +
      this.#tokens.seconds(images.tokens) +
      this.#attentionSeconds(images)
  }

  breakdown(work: StepWork): OperatorCost[] {
    const operators = this.#inner.breakdown(work)
    const { images } = work
    if (images === undefined || images.images === 0) return operators
    this.#patches.describe(images.patches, operators)
    operators.push(this.#attention(images))
    this.#tokens.describe(images.tokens, operators)
    return operators
  }

  #attentionSeconds({ patches, pairs }: ImageWork): number {
    const { layers, window } = this.#vision
    const windowed = window?.layers ?? 0
    const shape = this.#shape
    shape.tokens = patches
    let seconds = 0
    if (windowed < layers) {
      shape.pairs = pairs
      seconds += (layers - windowed) * this.#kernels.attention(shape)
    }
    if (window !== undefined) {
      shape.pairs = Math.min(pairs, patches * window.patches)
      seconds += windowed * this.#kernels.attention(shape)
    }
    return seconds
  }

  #attention(images: ImageWork): OperatorCost {
    const { layers, window = { layers: 0, patches: 0 } } = this.#vision
    const { heads, flopPerPair, bytesPerToken } = this.#shape
    const pairs =
      (layers - window.layers) * images.pairs +
      window.layers * Math.min(images.pairs, images.patches * window.patches)
    return {
      name: 'vision_attention',
      seconds: this.#attentionSeconds(images),
      flop: heads * flopPerPair * pairs,
      bytes: layers * images.patches * bytesPerToken,
      sentBytes: 0,
      bound: 'compute',
    }
  }
}

/** What depends on the number of patches. */
function patchOperators(vision: VisionEncoder, tp: number, kernels: VisionKernels): Operator[] {
  const { layers, hidden_size: h, intermediate_size: inner, gated, patch_size: patch } = vision
  const inputs = gated ? 2 : 1
  // Gate and up are read, their product is written.
  const moved = RESIDUAL_PASSES * h + (ROTARY_PASSES * h + (inputs + 1) * inner) / tp
  const operators = [
    kernels.product('vision_patches', 1, 3 * vision.frames * patch * patch, h),
    kernels.product('vision_qkv', layers, h, (3 * h) / tp),
    kernels.product('vision_output', layers, h / tp, h),
    kernels.product('vision_ffn_up', layers, h, (inputs * inner) / tp),
    kernels.product('vision_ffn_down', layers, inner / tp, h),
    kernels.mover('vision_elementwise', layers, moved * kernels.elementBytes),
  ]
  if (tp > 1)
    operators.push(kernels.allReduce('vision_all_reduce', 2 * layers, h * kernels.elementBytes))
  return operators
}

/** What depends on the number of tokens that patches are merged to; each device has the whole projector. */
function projectorOperators({ projector }: VisionEncoder, kernels: VisionKernels): Operator[] {
  return projector
    .slice(1)
    .map((columns, i) => kernels.product(`vision_projector_${i + 1}`, 1, projector[i]!, columns))
}

/** A cost model that knows the model's encoder of images too, if it has one. */
export function withVision(
  inner: CostModel,
  { model: { vision }, tensorParallel }: ReplicaLayout,
  kernels: () => VisionKernels,
): CostModel {
  return vision === undefined ? inner : new WithVision(inner, vision, tensorParallel, kernels())
}
