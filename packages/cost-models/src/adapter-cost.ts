import type { AdapterWork, OperatorCost } from '@llmsim/contracts'
import type { AdaptedProduct } from './adapter-shapes.js'

/** What a device reaches in the kernels of LoRA adapters. */
export interface AdapterRates {
  readonly flopPerSecond: number
  readonly bytesPerSecond: number
  /** Start of one kernel, in seconds. */
  readonly startSeconds: number
  /** Bytes of an element of weights and activations. */
  readonly elementBytes: number
}

/** Bytes of an element of the narrow vectors between the two kernels (fp32). */
const NARROW_BYTES = 4
/** Passes over the activations: the input is read; the result is read, added to, and written. */
const READ = 1
const ADDED = 2

/**
 * The products of LoRA adapters beside those of the model: one kernel takes the tokens of all adapters of a batch
 * down to their ranks, one takes them up and adds the result (SGMV of Punica, arXiv:2310.18547, 4; S-LoRA's
 * kernels, arXiv:2311.03285, 5.3).
 *
 * Each takes the larger of its computing, `2 * rank` FLOP for each token and element, and its memory: the weights of
 * each different adapter once, the activations of all tokens that have one; and a start.
 */
export class AdapterCost {
  readonly #products: readonly (AdaptedProduct & { readonly runs: number })[]
  readonly #rates: AdapterRates
  /** Tokens of each decoding sequence in a step. */
  readonly #verified: number

  /** `runs`: passes of so many layers through all stages. */
  constructor(
    products: readonly AdaptedProduct[],
    runs: (layers: number) => number,
    rates: AdapterRates,
    verified: number,
  ) {
    this.#products = products.map((product) => ({ ...product, runs: runs(product.layers) }))
    this.#rates = rates
    this.#verified = verified
  }

  seconds(work: AdapterWork): number {
    let seconds = 0
    for (const { runs, inputs, outputs } of this.#products)
      seconds +=
        runs * (this.#kernelSeconds(work, inputs, READ) + this.#kernelSeconds(work, outputs, ADDED))
    return seconds
  }

  describe(work: AdapterWork, into: OperatorCost[]): void {
    into.push(
      this.#described('adapter_shrink', work, ({ inputs }) => inputs, READ),
      this.#described('adapter_expand', work, ({ outputs }) => outputs, ADDED),
    )
  }

  #described(
    name: string,
    work: AdapterWork,
    widthOf: (product: AdaptedProduct) => number,
    passes: number,
  ): OperatorCost {
    let seconds = 0
    let flop = 0
    let bytes = 0
    for (const product of this.#products) {
      const width = widthOf(product)
      seconds += product.runs * this.#kernelSeconds(work, width, passes)
      flop += product.runs * this.#flop(work, width)
      bytes += product.runs * this.#bytes(work, width, passes)
    }
    const { flopPerSecond, bytesPerSecond } = this.#rates
    const bound = flop / flopPerSecond > bytes / bytesPerSecond ? 'compute' : 'memory'
    return { name, seconds, flop, bytes, sentBytes: 0, bound }
  }

  /** One kernel over `width` elements of each token, which it passes over so many times. */
  #kernelSeconds(work: AdapterWork, width: number, passes: number): number {
    const { flopPerSecond, bytesPerSecond, startSeconds } = this.#rates
    const compute = this.#flop(work, width) / flopPerSecond
    const memory = this.#bytes(work, width, passes) / bytesPerSecond
    return startSeconds + (compute > memory ? compute : memory)
  }

  #flop(work: AdapterWork, width: number): number {
    return 2 * this.#tokenRanks(work) * width
  }

  #bytes(work: AdapterWork, width: number, passes: number): number {
    const tokens = work.prefillTokens + this.#verified * work.decodes
    return (
      (work.ranks + passes * tokens) * width * this.#rates.elementBytes +
      this.#tokenRanks(work) * NARROW_BYTES
    )
  }

  #tokenRanks({ prefillRanks, decodeRanks }: AdapterWork): number {
    return prefillRanks + this.#verified * decodeRanks
  }
}
