import type {
  AdapterWork,
  CostModel,
  OperatorCost,
  ReplicaLayout,
  StepCost,
  StepWork,
} from '@llmsim/contracts'
import { bytesPerElement, emptyAdapterWork, emptyWork } from '@llmsim/contracts'
import { allGather, allReduce } from './collectives.js'
import { deviceShapes } from './device-shapes.js'

/** Share of a link's bandwidth that collectives reach: a round figure, as in `efficiencyDefaults`. */
const LINK_SHARE = 0.8

/** Pieces of a prompt that each group has: an early one and a late one. */
const PIECES = 2

/**
 * Context parallelism around the cost model of one group of devices, each group with all weights.
 *
 * A prompt's tokens are cut over the groups so that all have as many pairs (the zigzag of ring attention, Liu et al.,
 * arXiv:2310.01889; Llama 3's all-gather of keys and values, arXiv:2407.21783, 3.3.2), and every group gathers
 * the keys and values of all in each layer. Decoding sequences are computed by every group, each over its share
 * of their KV cache, and the partial results are summed.
 *
 * Layers that keep a state compute that of each piece by itself; all groups gather the states of all pieces in each
 * layer, and go on from those before theirs (LASP-2, Sun et al., arXiv:2502.07563). Of decoding sequences each
 * group holds the whole state, and updates it like the others: nothing is exchanged.
 */
export class ContextParallel implements CostModel {
  readonly name: string
  readonly #inner: CostModel
  readonly #groups: number
  /** Seconds of all layers for a prompt's tokens, and for decoding sequences. */
  readonly #gather: (tokens: number) => number
  readonly #reduce: (decodes: number) => number
  /** Seconds of all layers with a state, for the prompt of a step. */
  readonly #passStates: number
  readonly #bytes: { readonly gathered: number; readonly reduced: number; readonly states: number }
  readonly #share: StepWork = emptyWork()
  readonly #adapters: AdapterWork = emptyAdapterWork()

  constructor(inner: CostModel, layout: ReplicaLayout) {
    const { contextParallel: groups = 1, tensorParallel: tp, devicesPerNode } = layout
    const shapes = deviceShapes(layout)
    const layers = shapes.attentionLayers
    const near = groups * tp <= devicesPerNode
    const { bandwidthBytesPerSecond, latencySeconds } = near ? layout.intraNode : layout.interNode
    const link = {
      bandwidthBytesPerSecond: LINK_SHARE * bandwidthBytesPerSecond,
      latencySeconds,
    }
    const gathered = shapes.kvElements * bytesPerElement[layout.kvCacheFormat]
    // Partial results and the weights of their softmax, in 32 bits.
    const reduced = 4 * (shapes.outputWidth + shapes.heads)
    this.name = inner.name
    this.#inner = inner
    this.#groups = groups
    const states = PIECES * groups * shapes.stateBytes
    this.#passStates = shapes.stateLayers * allGather(groups, states, link)
    this.#bytes = {
      gathered: layers * gathered,
      reduced: layers * reduced,
      states: shapes.stateLayers * states,
    }
    this.#gather = (tokens) =>
      tokens === 0 ? 0 : layers * allGather(groups, tokens * gathered, link)
    this.#reduce = (decodes) =>
      decodes === 0 ? 0 : layers * allReduce(groups, decodes * reduced, link)
  }

  step(work: StepWork, into: StepCost): void {
    this.#inner.step(this.#shareOf(work), into)
    into.seconds += this.#gather(work.prefillTokens) + this.#reduce(work.decodes)
    if (work.prefillTokens > 0) into.seconds += this.#passStates
    // Contexts grow by a token in each group's turn.
    into.growth /= this.#groups
    if (into.horizon > 1) into.horizon = (into.horizon - 1) * this.#groups + 1
  }

  breakdown(work: StepWork): OperatorCost[] {
    const operators = this.#inner.breakdown({ ...this.#shareOf(work) })
    const add = (name: string, seconds: number, sentBytes: number): void => {
      if (seconds > 0)
        operators.push({ name, seconds, flop: 0, bytes: 0, sentBytes, bound: 'communication' })
    }
    const part = (this.#groups - 1) / this.#groups
    const { prefillTokens, decodes } = work
    const { gathered, reduced, states } = this.#bytes
    add('context_gather', this.#gather(prefillTokens), part * prefillTokens * gathered)
    if (prefillTokens > 0) add('state_gather', this.#passStates, part * states)
    add('context_reduce', this.#reduce(decodes), 2 * part * decodes * reduced)
    return operators
  }

  /** What one group does of a step. */
  #shareOf(work: StepWork): StepWork {
    const into = this.#share
    into.prefillTokens = Math.ceil(work.prefillTokens / this.#groups)
    into.prefillAttention = work.prefillAttention / this.#groups
    into.decodes = work.decodes
    into.decodeContext = work.decodeContext / this.#groups
    into.logits = work.logits
    into.images = work.images
    into.adapters = undefined
    if (work.adapters !== undefined) {
      const adapters = Object.assign(this.#adapters, work.adapters)
      adapters.prefillTokens /= this.#groups
      adapters.prefillRanks /= this.#groups
      into.adapters = adapters
    }
    return into
  }
}
