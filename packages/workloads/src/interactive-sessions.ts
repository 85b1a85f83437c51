import type { RequestDraft, RequestSource } from '@llmsim/contracts'
import type { SessionTurn, TraceSession } from './session-source.js'
import { TimeHeap } from './time-heap.js'

/** A session that has begun and is not over. */
interface OpenSession {
  readonly number: number
  readonly turns: readonly SessionTurn[]
  /** The turn that comes next. */
  turn: number
}

/**
 * The calls of sessions as a closed loop for each of them: a call comes its think time after the answer
 * before, whenever that is; a call that is refused is answered at once. Memory grows with the sessions
 * that are open at a time.
 *
 * @param sessions in order of their start; undefined at the end.
 */
export function interactiveSessions(sessions: () => TraceSession | undefined): RequestSource {
  return new InteractiveSessions(sessions)
}

class InteractiveSessions implements RequestSource {
  readonly #sessions: () => TraceSession | undefined
  /** Sessions whose next call has a time. */
  readonly #ready: TimeHeap<OpenSession> = new TimeHeap<OpenSession>()
  /** Sessions that wait for an answer, by their number. */
  readonly #waiting: Map<number, OpenSession> = new Map<number, OpenSession>()
  #ahead: TraceSession | undefined
  #numbers = 0

  constructor(sessions: () => TraceSession | undefined) {
    this.#sessions = sessions
    this.#ahead = sessions()
  }

  nextArrivalSeconds(): number {
    this.#begin()
    return this.#ready.firstTime
  }

  next(into: RequestDraft): boolean {
    this.#begin()
    const at = this.#ready.firstTime
    const session = this.#ready.pop()
    if (session === undefined) return false
    const turn = session.turns[session.turn++]!
    into.arrivalSeconds = at
    into.promptTokens = turn.promptTokens
    into.outputTokens = turn.outputTokens
    into.sessionId = session.number
    into.priority = 0
    if (session.turn < session.turns.length) this.#waiting.set(session.number, session)
    return true
  }

  completed(sessionId: number, nowSeconds: number): void {
    const session = this.#waiting.get(sessionId)
    if (session === undefined) return
    this.#waiting.delete(sessionId)
    this.#ready.push(nowSeconds + session.turns[session.turn]!.thinkSeconds, session)
  }

  /** Begins the sessions that start before any call that is known. */
  #begin(): void {
    while (this.#ahead !== undefined && this.#ahead.startSeconds <= this.#ready.firstTime) {
      const { startSeconds, turns } = this.#ahead
      if (turns.length > 0)
        this.#ready.push(startSeconds, { number: this.#numbers, turns, turn: 0 })
      this.#numbers = (this.#numbers + 1) & 0x7fffffff
      this.#ahead = this.#sessions()
    }
  }
}
