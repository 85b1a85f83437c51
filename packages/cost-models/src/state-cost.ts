import type { OperatorCost, StepWork } from '@llmsim/contracts'
import type { DeviceShapes } from './device-shapes.js'

/** What a device reaches in layers that keep a state. */
export interface StateRates {
  /** Passes of such layers through all stages. */
  readonly runs: number
  readonly flopPerSecond: number
  readonly bytesPerSecond: number
  /** Start of the kernels of one layer, in seconds. */
  readonly startSeconds: number
}

/** FLOP of one token for each element of the state: decay, update by an outer product, read-out, 2 each. */
const FLOP_PER_ELEMENT = 6

/**
 * The recurrences of layers that keep a state: linear attention and state-space models.
 *
 * A decoding sequence reads and writes its whole state in each step, however long its context. A prompt is
 * computed in chunks whose products have as many FLOP as the recurrence, while the state stays in the device's
 * caches (Yang et al., arXiv:2412.06464; Dao and Gu, arXiv:2405.21060), so that its tokens move what they
 * read and write.
 */
export class StateCost {
  readonly #rates: StateRates
  readonly #stateBytes: number
  readonly #flop: number
  readonly #rowBytes: number

  /** `elements`: of one layer's recurrent state, on one device. */
  constructor(rates: StateRates, shapes: DeviceShapes, elements: number, residualBytes: number) {
    this.#rates = rates
    this.#stateBytes = 2 * shapes.stateBytes
    this.#flop = FLOP_PER_ELEMENT * elements
    this.#rowBytes = residualBytes * (shapes.stateInput + shapes.stateOutput)
  }

  decodeSeconds(decodes: number): number {
    const { runs, bytesPerSecond, flopPerSecond, startSeconds } = this.#rates
    if (decodes === 0) return 0
    const memory = (decodes * (this.#stateBytes + this.#rowBytes)) / bytesPerSecond
    return runs * (startSeconds + Math.max(memory, (decodes * this.#flop) / flopPerSecond))
  }

  prefillSeconds(tokens: number): number {
    const { runs, bytesPerSecond, flopPerSecond, startSeconds } = this.#rates
    if (tokens === 0) return 0
    const memory = (this.#stateBytes + tokens * this.#rowBytes) / bytesPerSecond
    return runs * (startSeconds + Math.max(memory, (tokens * this.#flop) / flopPerSecond))
  }

  describe({ prefillTokens, decodes }: StepWork, into: OperatorCost[]): void {
    const { runs } = this.#rates
    const add = (name: string, seconds: number, tokens: number, states: number): void => {
      if (tokens === 0) return
      into.push({
        name,
        seconds,
        flop: runs * tokens * this.#flop,
        bytes: runs * (states * this.#stateBytes + tokens * this.#rowBytes),
        sentBytes: 0,
        bound: 'memory',
      })
    }
    add('state_prefill', this.prefillSeconds(prefillTokens), prefillTokens, 1)
    add('state_decode', this.decodeSeconds(decodes), decodes, decodes)
  }
}
