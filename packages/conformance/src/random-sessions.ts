import type { RequestDraft, RequestSource, SimulationSpec } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

interface Call {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly thinkSeconds: number
}

/** The same specification, in a fifth of the open loops with requests that follow answers. */
export function withRandomSessions(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 5_000_011)
  if (spec.concurrency !== undefined || !random.chance(0.2)) return spec
  return { ...spec, source: sessionsOf(spec.source, random) }
}

/** Every `n`th request of a source becomes the next call of the same session. */
function sessionsOf(source: RequestSource, random: RandomNumbers): RequestSource {
  const sessions: Call[][] = Array.from({ length: random.whole(1, 12) }, () => [])
  const longestThink = random.pick([0, 0.02, 1.5])
  const draft: RequestDraft = {
    arrivalSeconds: 0,
    promptTokens: 0,
    outputTokens: 0,
    sessionId: -1,
    priority: 0,
  }
  /** When the next call of each session comes; Infinity: not before an answer. */
  const times: number[] = []
  for (let i = 0; source.next(draft); i++) {
    const { promptTokens, outputTokens, arrivalSeconds } = draft
    if (i < sessions.length) times[i] = arrivalSeconds
    const thinkSeconds = longestThink * random.next()
    sessions[i % sessions.length]!.push({ promptTokens, outputTokens, thinkSeconds })
  }
  const first = (): number => Math.min(Infinity, ...times)
  return {
    nextArrivalSeconds: first,
    next(into) {
      const arrivalSeconds = first()
      const sessionId = times.indexOf(arrivalSeconds)
      const call = sessions[sessionId]?.shift()
      if (call === undefined || arrivalSeconds === Infinity) return false
      times[sessionId] = Infinity
      into.arrivalSeconds = arrivalSeconds
      into.promptTokens = call.promptTokens
      into.outputTokens = call.outputTokens
      into.sessionId = sessionId
      into.priority = 0
      return true
    },
    completed(sessionId, nowSeconds) {
      const call = sessions[sessionId]?.[0]
      if (call !== undefined) times[sessionId] = nowSeconds + call.thinkSeconds
    },
  }
}
