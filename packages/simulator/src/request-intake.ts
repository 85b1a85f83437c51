import type { PromptImages, RequestDraft, SimulationSpec } from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'

/** Pulls requests from the source, one at a time, checks them, and knows when the next one arrives. */
export class RequestIntake {
  readonly draft: RequestDraft = {
    arrivalSeconds: 0,
    promptTokens: 0,
    outputTokens: 0,
    sessionId: -1,
    priority: 0,
    tenantId: -1,
    classId: -1,
    promptBlocks: undefined,
    images: undefined,
    maxOutputTokens: 0,
    predictedOutputTokens: 0,
    adapterId: -1,
  }
  /** Requests pulled so far. */
  pulled: number = 0
  /** Open loop: when the drafted request arrives; Infinity when there is none. */
  nextArrival: number = Infinity
  /** Whether the source wants to know of answers. */
  readonly awaitsAnswers: boolean
  readonly #spec: SimulationSpec
  /** Whether the draft says more than its lengths, its session and its priority. */
  #described = false
  /** Whether requests follow answers. */
  readonly #follows: boolean

  constructor(spec: SimulationSpec) {
    this.#spec = spec
    this.awaitsAnswers = spec.source.completed !== undefined
    this.#follows = spec.source.nextArrivalSeconds !== undefined
  }

  /** Open loop: drafts the next request. */
  advance(): void {
    if (this.#follows) {
      this.nextArrival = this.#known()
      return
    }
    const before = this.draft.arrivalSeconds
    this.nextArrival = Infinity
    if (!this.pull()) return
    const time = this.draft.arrivalSeconds
    if (!(time >= before) || time === Infinity)
      this.#refuse('arrivalSeconds', time, before, this.pulled - 1)
    if (time <= this.#spec.durationSeconds) this.nextArrival = time
  }

  /** Where requests follow answers: drafts the one that arrives now; it is drafted already elsewhere. */
  take(): void {
    if (!this.#follows) return
    const time = this.nextArrival
    if (!this.pull()) this.#refuse('arrivalSeconds', NaN, time)
    if (this.draft.arrivalSeconds !== time)
      this.#refuse('arrivalSeconds', this.draft.arrivalSeconds, time, this.pulled - 1)
  }

  /** Tells the source that a request of a session is answered, or refused. */
  answered(sessionId: number, nowSeconds: number): void {
    const { source, concurrency } = this.#spec
    if (source.completed === undefined) return
    source.completed(sessionId, nowSeconds)
    if (this.#follows && concurrency === undefined) this.nextArrival = this.#known()
  }

  /** When the next request arrives, of a source that cannot say it ahead. */
  #known(): number {
    const { source, maxRequests = Infinity, durationSeconds } = this.#spec
    const time = source.nextArrivalSeconds?.() ?? Infinity
    return this.pulled < maxRequests && time <= durationSeconds ? time : Infinity
  }

  /**
   * Drafts the next request without regard to its arrival; false when there are no more.
   *
   * Errors: `INVALID_VALUE` for a request without tokens.
   */
  pull(): boolean {
    const { source, maxRequests = Infinity } = this.#spec
    const { draft } = this
    if (this.#described) this.#forgetDescription()
    if (this.pulled >= maxRequests) return false
    if (!source.next(draft)) {
      // It may have said something before it found that there is none.
      this.#described = true
      return false
    }
    const { promptTokens, outputTokens } = draft
    if (!(promptTokens >= 1) || promptTokens !== (promptTokens | 0))
      this.#refuse('promptTokens', promptTokens, 1)
    if (!(outputTokens >= 1) || outputTokens !== (outputTokens | 0))
      this.#refuse('outputTokens', outputTokens, 1)
    if (isDescribed(draft)) this.#checkDescription(draft)
    this.pulled++
    return true
  }

  #forgetDescription(): void {
    const { draft } = this
    this.#described = false
    draft.tenantId = -1
    draft.classId = -1
    draft.promptBlocks = undefined
    draft.images = undefined
    draft.maxOutputTokens = 0
    draft.predictedOutputTokens = 0
    draft.adapterId = -1
  }

  /** Checks what a request says beside its lengths. */
  #checkDescription(draft: RequestDraft): void {
    this.#described = true
    if (draft.promptBlocks !== undefined) {
      const { count, blockTokens } = draft.promptBlocks
      if (!(count >= 0 && Number.isSafeInteger(count))) this.#refuse('promptBlocks.count', count, 0)
      if (!(blockTokens >= 1 && Number.isSafeInteger(blockTokens)))
        this.#refuse('promptBlocks.blockTokens', blockTokens, 1)
    }
    if (draft.images !== undefined) this.#checkImages(draft.images, draft.promptTokens)
    this.#checkSender(draft)
    this.#checkExpectation(draft)
  }

  #checkImages(images: PromptImages, promptTokens: number): void {
    if (this.#spec.images !== true) this.#refuse('images', images.count, 0)
    for (const field of ['count', 'tokens', 'patches', 'pairs'] as const)
      if (!(images[field] >= 1 && Number.isSafeInteger(images[field])))
        this.#refuse(`images.${field}`, images[field], 1)
    const { count, tokens, offset } = images
    if (!(offset >= 0 && Number.isSafeInteger(offset))) this.#refuse('images.offset', offset, 0)
    if (offset + count * tokens > promptTokens)
      this.#refuse('promptTokens', promptTokens, offset + count * tokens)
  }

  /** Checks who sent the draft, and gives it the priority of its class. */
  #checkSender(draft: RequestDraft): void {
    const { tenantId = -1, classId = -1 } = draft
    if (!(tenantId >= -1) || tenantId !== (tenantId | 0)) this.#refuse('tenantId', tenantId, -1)
    if (!(classId >= -1) || classId !== (classId | 0)) this.#refuse('classId', classId, -1)
    const { classes, adapters = [] } = this.#spec
    const { adapterId = -1 } = draft
    if (!(adapterId >= -1 && adapterId < adapters.length) || adapterId !== (adapterId | 0))
      this.#refuse('adapterId', adapterId, -1)
    if (classes === undefined || classId < 0) return
    const own = classes[classId]
    if (own === undefined) this.#refuse('classId', classId, -1)
    if (own.priority !== undefined) draft.priority = own.priority
  }

  /** Checks what is said of the output beforehand, and cuts it to what its client allows. */
  #checkExpectation(draft: RequestDraft): void {
    const { maxOutputTokens: most = 0, predictedOutputTokens: predicted = 0 } = draft
    if (!(most >= 0) || most !== (most | 0)) this.#refuse('maxOutputTokens', most, 0)
    if (!(predicted >= 0) || predicted !== (predicted | 0))
      this.#refuse('predictedOutputTokens', predicted, 0)
    if (most > 0 && draft.outputTokens > most) draft.outputTokens = most
  }

  #refuse(field: string, given: number, least: number, index = this.pulled): never {
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: `workload.request[${index}].${field}`,
      message: 'not a request that can be served',
      given,
      accepted: `a ${field === 'arrivalSeconds' ? '' : 'whole '}number from ${least} on`,
    })
  }
}

function isDescribed(draft: RequestDraft): boolean {
  return (
    draft.tenantId !== -1 ||
    draft.classId !== -1 ||
    draft.adapterId !== -1 ||
    draft.maxOutputTokens !== 0 ||
    draft.predictedOutputTokens !== 0 ||
    draft.promptBlocks !== undefined ||
    draft.images !== undefined
  )
}
