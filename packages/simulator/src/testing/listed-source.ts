import type { RequestSource } from '@llmsim/contracts'

/** Arrival in seconds, prompt tokens, output tokens. */
export type Request = readonly [number, number, number]

export function sourceOf(requests: readonly Request[]): RequestSource {
  let index = 0
  return {
    next(into) {
      const request = requests[index++]
      if (request === undefined) return false
      ;[into.arrivalSeconds, into.promptTokens, into.outputTokens] = request
      into.sessionId = -1
      into.priority = 0
      return true
    },
  }
}
