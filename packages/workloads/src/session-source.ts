import { type RequestSource, SimulatorError } from '@llmsim/contracts'
import { drawExponential, randomStream } from '@llmsim/engine'
import { type Lengths, lengthsSampler } from './histogram-lengths.js'
import { tokenLimit } from './length-distribution.js'
import { type RowStream, type TraceRow } from './trace-row.js'
import { rowSource } from './trace-source.js'

/** One call of a session. */
export interface SessionTurn {
  /** The whole prompt, with what came before in the session. */
  readonly promptTokens: number
  readonly outputTokens: number
  /** Seconds from the answer before to this call; 0 for the first. */
  readonly thinkSeconds: number
}

/** Calls that follow each other: each waits for the answer to the one before. */
export interface TraceSession {
  readonly startSeconds: number
  readonly turns: readonly SessionTurn[]
}

export interface SyntheticSessions {
  readonly sessionsPerSecond: number
  /** Calls of a session. */
  readonly turns: Lengths
  /** Tokens that the first call brings, as of a system's instructions; none when absent. */
  readonly firstInput?: Lengths | undefined
  /** New tokens of each call. */
  readonly input: Lengths
  readonly output: Lengths
  /** Mean of the exponential time between an answer and the next call. */
  readonly meanThinkSeconds: number
  /** Prompts end a session when they would be longer; 10,000,000 when absent. */
  readonly maxPromptTokens?: number | undefined
  /**
   * Prompt and output together, of any call: a session ends before a call that would be longer, and a first one is
   * cut to it; no limit when absent.
   */
  readonly maxTotalTokens?: number | undefined
  /** An integer of at most 2^53 - 1 in size. */
  readonly seed: number
}

/**
 * Draws sessions without an end, which start as Poisson arrivals; each call carries the prompts and
 * outputs before it.
 *
 * @throws SimulatorError INVALID_VALUE for a parameter out of range.
 */
export function syntheticSessions(options: SyntheticSessions): () => TraceSession {
  const { sessionsPerSecond, meanThinkSeconds, seed, maxPromptTokens = tokenLimit } = options
  const { maxTotalTokens = Infinity } = options
  if (!(sessionsPerSecond > 0 && sessionsPerSecond <= 1e15))
    throw invalid('sessionsPerSecond', sessionsPerSecond, 'a number above 0')
  if (!(meanThinkSeconds >= 0 && meanThinkSeconds <= 1e15))
    throw invalid('meanThinkSeconds', meanThinkSeconds, 'seconds from 0 up')
  const starts = randomStream(seed, 'session-starts')
  const thinking = randomStream(seed, 'session-think')
  const turns = lengthsSampler(options.turns, randomStream(seed, 'session-turns'))
  const input = lengthsSampler(options.input, randomStream(seed, 'input-lengths'))
  const output = lengthsSampler(options.output, randomStream(seed, 'output-lengths'))
  const firstInput =
    options.firstInput === undefined
      ? () => 0
      : lengthsSampler(options.firstInput, randomStream(seed, 'first-input-lengths'))
  let clock = 0
  return () => {
    clock += drawExponential(starts) / sessionsPerSecond
    const count = turns()
    const drawn: SessionTurn[] = []
    let context = firstInput()
    for (let turn = 0; turn < count; turn++) {
      const wanted = context + input()
      const outputTokens = output()
      const thinkSeconds = turn === 0 ? 0 : drawExponential(thinking) * meanThinkSeconds
      const most = Math.min(maxPromptTokens, maxTotalTokens - outputTokens)
      if (wanted > most && turn > 0) break
      const promptTokens = Math.min(wanted, Math.max(1, most))
      drawn.push({ promptTokens, outputTokens, thinkSeconds })
      context = promptTokens + outputTokens
    }
    return { startSeconds: clock, turns: drawn }
  }
}

/** How long an answer is taken to last where nobody waits for it. */
export interface AnswerTime {
  readonly seconds: number
  readonly secondsPerOutputToken: number
}

interface OpenSession {
  readonly number: number
  readonly session: TraceSession
  turn: number
  at: number
}

/**
 * The calls of sessions as requests at given times, for a simulation that does not wait for answers:
 * a call comes its think time after the answer before, which is taken to last as long as
 * `answer` says. Sessions overlap; memory grows with those that are open at a time.
 *
 * @param sessions in order of their start; undefined at the end.
 */
export function sessionRows(
  sessions: () => TraceSession | undefined,
  answer: AnswerTime = { seconds: 0, secondsPerOutputToken: 0 },
): RowStream {
  const open: OpenSession[] = []
  let ahead = sessions()
  let numbers = 0
  return {
    next(into: TraceRow): boolean {
      while (ahead !== undefined && (open.length === 0 || ahead.startSeconds <= open[0]!.at)) {
        const session = ahead
        ahead = sessions()
        if (session.turns.length > 0)
          push(open, { number: numbers, session, turn: 0, at: session.startSeconds })
        numbers = (numbers + 1) & 0x7fffffff
      }
      const first = open[0]
      if (first === undefined) return false
      const turn = first.session.turns[first.turn]!
      into.arrivalSeconds = first.at
      into.promptTokens = turn.promptTokens
      into.outputTokens = turn.outputTokens
      into.sessionId = first.number
      into.priority = 0
      into.thinkSeconds = first.turn === 0 ? -1 : turn.thinkSeconds
      into.tenant = ''
      into.blocks = undefined
      into.blockTokens = 0
      const next = first.session.turns[++first.turn]
      if (next === undefined) pop(open)
      else {
        const lasts = answer.seconds + answer.secondsPerOutputToken * turn.outputTokens
        first.at += lasts + next.thinkSeconds
        sink(open, 0)
      }
      return true
    },
  }
}

/** {@link sessionRows} as requests. */
export function sessionSource(
  sessions: () => TraceSession | undefined,
  answer?: AnswerTime,
): RequestSource {
  return rowSource(sessionRows(sessions, answer))
}

function before(a: OpenSession, b: OpenSession): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}

function push(heap: OpenSession[], item: OpenSession): void {
  let at = heap.push(item) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(heap[at]!, heap[parent]!)) return
    swap(heap, at, parent)
    at = parent
  }
}

function pop(heap: OpenSession[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  heap[0] = last
  sink(heap, 0)
}

function sink(heap: OpenSession[], from: number): void {
  let at = from
  for (;;) {
    let least = at
    for (const child of [2 * at + 1, 2 * at + 2])
      if (child < heap.length && before(heap[child]!, heap[least]!)) least = child
    if (least === at) return
    swap(heap, at, least)
    at = least
  }
}

function swap(heap: OpenSession[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}

function invalid(path: string, given: unknown, accepted: string): SimulatorError {
  return new SimulatorError({
    code: 'INVALID_VALUE',
    path: `sessions.${path}`,
    message: 'is out of range',
    given,
    accepted,
  })
}
