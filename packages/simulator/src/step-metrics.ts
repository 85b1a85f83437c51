import type { Distribution, Slot } from '@llmsim/contracts'
import { overlapSeconds } from '@llmsim/metrics'
import type { GroupStatistics } from './group-statistics.js'
import type { Lane } from './lane.js'
import type { Segment } from './segment.js'

/** Tokens, gaps between tokens and busy time, counted inside the measured window. */
export class StepMetrics {
  outputTokens: number = 0
  inputTokens: number = 0
  /** Output tokens of the whole run. */
  totalOutputTokens: number = 0
  readonly gaps: Distribution
  /** Statistics of parts of the requests, if a run has any. */
  groups: GroupStatistics | undefined
  readonly #start: number
  readonly #end: number

  constructor(gaps: Distribution, start: number, end: number) {
    this.gaps = gaps
    this.#start = start
    this.#end = end
  }

  /** Whether something that ends at `time` is measured: the window is open at its start. */
  measures(time: number): boolean {
    return time > this.#start && time <= this.#end
  }

  /** Records the tokens and gaps of the decoders, over all steps of the segment that now ends. */
  decoded(lane: Lane): void {
    const { segment, fresh, decoders } = lane
    const { start, seconds, steps } = segment
    const count = decoders.size
    this.totalOutputTokens += count * steps
    const measured = this.#stepsMeasured(segment)
    this.outputTokens += count * measured
    if (count > lane.peakDecodes) lane.peakDecodes = count
    if (measured === 0) return
    lane.decodeSteps += measured
    lane.decodeTokens += count * measured
    const { growth } = segment
    if (this.groups !== undefined)
      this.groups.decoded(lane, measured === steps ? 0 : segment.stepsDoneBy(this.#start), measured)
    if (measured === steps && fresh.size === 0 && start === lane.lastDecodeEnd) {
      this.gaps.addSeries(seconds, growth, steps, count)
      return
    }
    // Where only some steps are measured, at the window's two edges, those before it are left out.
    const skipped = measured === steps ? 0 : segment.stepsDoneBy(this.#start)
    if (skipped === 0) {
      const last = lane.table.lastToken
      for (let i = 0; i < fresh.size; i++) {
        const gap = start - last[fresh.slots[i]!]! + seconds
        if (gap >= 0) this.gaps.add(gap)
      }
      if (count > fresh.size)
        this.gaps.add(start - lane.lastDecodeEnd + seconds, count - fresh.size)
    }
    const from = Math.max(1, skipped)
    this.gaps.addSeries(seconds + from * growth, growth, skipped + measured - from, count)
  }

  /** Records the token that the prefill now ending made, `first` if it is the request's first. */
  prefilled(lane: Lane, slot: Slot, first: boolean): void {
    const { table, segment } = lane
    this.totalOutputTokens++
    if (!this.measures(segment.end)) return
    this.outputTokens++
    const gap = first ? NaN : segment.end - table.lastToken[slot]!
    if (first) this.inputTokens += table.prompt[slot]!
    else this.gaps.add(gap)
    this.groups?.prefilled(lane, slot, gap)
  }

  /** Records a prompt that is done and has made no token: its decode replica does. */
  handedOver({ table, segment }: Lane, slot: Slot): void {
    if (table.generated[slot] === 0 && this.measures(segment.end))
      this.inputTokens += table.prompt[slot]!
  }

  /** Records the busy time of the lane's replica over the segment that now ends. */
  busy(lane: Lane): void {
    const { segment, busyShare } = lane
    const { start, end } = segment
    const whole = (end - start) * busyShare
    const measured =
      start >= this.#start && end <= this.#end
        ? whole
        : overlapSeconds(start, end, this.#start, this.#end) * busyShare
    if (lane.chunks.size > 0) {
      lane.totalPrefillSeconds += whole
      lane.prefillSeconds += measured
      if (!this.measures(end)) return
      const { chunkTokens: tokens } = lane
      lane.prefillSteps++
      lane.prefillTokens += tokens
      if (tokens > lane.peakPrefillTokens) lane.peakPrefillTokens = tokens
    } else {
      lane.totalDecodeSeconds += whole
      lane.decodeSeconds += measured
    }
  }

  /** Steps of a segment that end inside the window. */
  #stepsMeasured(segment: Segment): number {
    const { end } = segment
    if (segment.start >= this.#start && end <= this.#end) return segment.steps
    if (end < this.#start || segment.start > this.#end) return 0
    const before = end <= this.#end ? segment.steps : segment.stepsDoneBy(this.#end)
    const skipped = segment.start >= this.#start ? 0 : segment.stepsDoneBy(this.#start)
    return before - skipped
  }
}
