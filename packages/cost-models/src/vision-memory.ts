import { bytesPerElement, imageSize, type ReplicaLayout } from '@llmsim/contracts'
import { unquantisedFormat } from './compute-format.js'

/** What an encoder of images holds at its largest step, in bytes of one device. */
export interface VisionMemory {
  /** Of the layer at hand: its buffers are free for the model afterwards. */
  readonly activationBytes: number
  /** Images as tokens, from the encoder to the step that takes the last of them. */
  readonly outputBytes: number
}

/**
 * The largest step encodes as many tokens as a step has prompt tokens at most, or one image of the largest size,
 * if that is more (vLLM: `max_num_encoder_input_tokens`). Buffers are the residual and the hidden state, and the
 * wider of `qkv + output` and the network, as in a layer of the model.
 */
export function visionMemory(layout: ReplicaLayout, maxBatchedTokens: number): VisionMemory {
  const { model, tensorParallel: tp } = layout
  const { vision } = model
  if (vision === undefined) return { activationBytes: 0, outputBytes: 0 }
  const element = bytesPerElement[unquantisedFormat(layout.activationFormat)]
  const side = vision.images.kind === 'native' ? Math.sqrt(vision.images.max_pixels) : 1e9
  const largest = imageSize(vision, side, side)
  const tokens = Math.max(maxBatchedTokens, largest.tokens)
  const patches = tokens * (largest.patches / largest.tokens)
  const { hidden_size: h, intermediate_size: inner, gated } = vision
  const widest = Math.max(4 * h, (gated ? 3 : 2) * inner) / tp
  return {
    activationBytes: patches * element * (2 * h + widest),
    outputBytes: tokens * element * model.hidden_size,
  }
}
