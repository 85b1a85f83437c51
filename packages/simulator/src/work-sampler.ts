import type { AdapterWork, ImageWork, StepWork } from '@llmsim/contracts'
import { emptyWork } from '@llmsim/contracts'
import type { RequestTable } from './request-table.js'
import type { Segment } from './segment.js'
import type { SlotList } from './slot-list.js'

/** Numbers kept of one sampled step: the sample's own, then the work. */
const FIELDS = 17
/** Where those of LoRA adapters begin. */
const ADAPTERS = 11

/** What a lane shows of the segment that it runs. */
interface SampledLane {
  readonly segment: Segment
  readonly chunks: SlotList
  readonly table: RequestTable
  readonly decodes: boolean
  readonly decoders: { readonly size: number }
  readonly kvTokens: number
  readonly busyShare: number
  readonly images: ImageWork | undefined
  readonly adapters: { readonly work: AdapterWork | undefined } | undefined
}

/** The steps that a lane ran at equal intervals of the measured window's time. */
export class WorkSampler {
  /** When the next sample is due, in seconds. */
  next: number
  readonly #capacity: number
  readonly #start: number
  readonly #end: number
  #interval = 2 ** -10
  /** Number of the sample that is due, counted from the start of the window. */
  #due = 0
  #size = 0
  /** Made for the first sample: many lanes of a large fleet never run a step. */
  #values: Float64Array = new Float64Array(0)

  /** @param capacity samples at most; when there are more, every second one goes */
  constructor(startSeconds: number, endSeconds: number, capacity: number) {
    this.next = startSeconds
    this.#start = startSeconds
    this.#end = endSeconds
    this.#capacity = capacity
  }

  /** Takes the samples that are due before the lane's segment ends; called when it does. */
  sample(lane: SampledLane): void {
    const { start, end } = lane.segment
    // Nothing ran at those in between.
    if (this.next < start) this.#dueAt(Math.ceil((start - this.#start) / this.#interval))
    while (this.next < end)
      if (this.#size === this.#capacity) this.#thin()
      else {
        this.#take(lane)
        this.#dueAt(this.#due + 1)
      }
  }

  /**
   * Calls `each` with the work of every sampled step, in one object that is used again, and the seconds
   * that each device is given to it.
   */
  forEach(each: (work: StepWork, seconds: number) => void): void {
    const work = emptyWork()
    for (let at = 0; at < this.#size * FIELDS; at += FIELDS) {
      work.prefillTokens = this.#values[at + 1]!
      work.prefillAttention = this.#values[at + 2]!
      work.decodes = this.#values[at + 3]!
      work.decodeContext = this.#values[at + 4]!
      work.logits = this.#values[at + 5]!
      work.images = this.#imagesAt(at)
      work.adapters = this.#adaptersAt(at)
      each(work, this.#values[at + 6]!)
    }
  }

  #adaptersAt(at: number): AdapterWork | undefined {
    const [adapters, ranks, prefillRanks, prefillTokens, decodeRanks, decodes] =
      this.#values.subarray(at + ADAPTERS, at + FIELDS)
    if (!(adapters! > 0)) return undefined
    return {
      adapters: adapters!,
      ranks: ranks!,
      prefillRanks: prefillRanks!,
      prefillTokens: prefillTokens!,
      decodeRanks: decodeRanks!,
      decodes: decodes!,
    }
  }

  /** Keeps what the LoRA adapters of the step have to do. */
  #takeAdapters(at: number, work: AdapterWork | undefined): void {
    const values = this.#values
    values[at + ADAPTERS] = work?.adapters ?? 0
    if (work === undefined) return
    values[at + ADAPTERS + 1] = work.ranks
    values[at + ADAPTERS + 2] = work.prefillRanks
    values[at + ADAPTERS + 3] = work.prefillTokens
    values[at + ADAPTERS + 4] = work.decodeRanks
    values[at + ADAPTERS + 5] = work.decodes
  }

  #imagesAt(at: number): ImageWork | undefined {
    const values = this.#values
    if (values[at + 7] === 0) return undefined
    return {
      images: values[at + 7]!,
      tokens: values[at + 8]!,
      patches: values[at + 9]!,
      pairs: values[at + 10]!,
    }
  }

  #dueAt(number: number): void {
    this.#due = number
    const next = this.#start + number * this.#interval
    this.next = next > this.#end ? Infinity : next
  }

  #take(lane: SampledLane): void {
    const { segment, chunks, table, decodes, decoders, kvTokens } = lane
    if (this.#values.length === 0) this.#values = new Float64Array(this.#capacity * FIELDS)
    const values = this.#values
    const at = this.#size++ * FIELDS
    let tokens = 0
    let pairs = 0
    let logits = 0
    for (let i = 0; i < chunks.size; i++) {
      const slot = chunks.slots[i]!
      const amount = chunks.amounts[i]!
      const done = table.prefillDone[slot]!
      tokens += amount
      pairs += amount * (done + (amount + 1) / 2)
      if (done + amount === table.prefillTarget[slot]) logits++
    }
    const step = segment.steps === 1 ? 0 : segment.stepsDoneBy(this.next)
    const sequences = decodes ? decoders.size : 0
    if (lane.adapters !== undefined) this.#takeAdapters(at, lane.adapters.work)
    values[at] = this.#due
    values[at + 1] = tokens
    values[at + 2] = pairs
    values[at + 3] = sequences
    values[at + 4] = sequences === 0 ? 0 : kvTokens + sequences * (step + 1)
    values[at + 5] = logits + sequences
    values[at + 7] = lane.images?.images ?? 0
    values[at + 8] = lane.images?.tokens ?? 0
    values[at + 9] = lane.images?.patches ?? 0
    values[at + 10] = lane.images?.pairs ?? 0
    values[at + 6] = (segment.seconds + step * segment.growth) * lane.busyShare
  }

  /** Doubles the interval: every second sample stays. */
  #thin(): void {
    const values = this.#values
    let kept = 0
    for (let i = 0; i < this.#size; i++) {
      const number = values[i * FIELDS]!
      if (number % 2 !== 0) continue
      values.copyWithin(kept * FIELDS, i * FIELDS, (i + 1) * FIELDS)
      values[kept++ * FIELDS] = number / 2
    }
    this.#size = kept
    this.#interval *= 2
    this.#dueAt(Math.ceil(this.#due / 2))
  }
}
