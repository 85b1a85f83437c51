import type { RequestSource } from '@llmsim/contracts'

/** A request of a test case. */
export interface ListedRequest {
  readonly arrivalSeconds: number
  readonly promptTokens: number
  readonly outputTokens: number
}

/** A source of the given requests, which stand in time order. */
export function requestListSource(requests: readonly ListedRequest[]): RequestSource {
  let index = 0
  return {
    next(into) {
      const request = requests[index++]
      if (request === undefined) return false
      into.arrivalSeconds = request.arrivalSeconds
      into.promptTokens = request.promptTokens
      into.outputTokens = request.outputTokens
      into.sessionId = -1
      into.priority = 0
      return true
    },
  }
}
