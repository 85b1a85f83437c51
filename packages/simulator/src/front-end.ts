import type { SimulationSpec } from '@llmsim/contracts'
import { FifoServer } from '@llmsim/engine'

/** What stands before the router: a thread that takes one request after another, and a delay for each. */
export class FrontEnd {
  readonly #thread: FifoServer = new FifoServer()
  /** Whether it holds any request for a while. */
  readonly holds: boolean
  readonly #held: number
  readonly #serial: SimulationSpec['requestSerialSeconds']

  constructor({ requestOverheadSeconds: held = 0, requestSerialSeconds: serial }: SimulationSpec) {
    this.#held = held
    this.#serial = serial
    this.holds = held > 0 || serial !== undefined
  }

  /** When it is done with a request that comes now. */
  doneAt(now: number, promptTokens: number): number {
    const serial = this.#serial
    if (serial === undefined) return now + this.#held
    const seconds = serial.perRequest + serial.perPromptToken * promptTokens
    return this.#thread.serve(now, seconds) + this.#held
  }
}
