import type { RequestDraft, RequestSource } from '@llmsim/contracts'

/** The same requests, each changed by `change` once it is drafted; all else is that of the source. */
export function changedSource(
  source: RequestSource,
  change: (into: RequestDraft) => void,
): RequestSource {
  return {
    next(into: RequestDraft): boolean {
      if (!source.next(into)) return false
      change(into)
      return true
    },
    ...(source.completed === undefined
      ? {}
      : {
          completed: (sessionId: number, nowSeconds: number) => {
            source.completed?.(sessionId, nowSeconds)
          },
        }),
    ...(source.nextArrivalSeconds === undefined
      ? {}
      : { nextArrivalSeconds: () => source.nextArrivalSeconds?.() ?? Infinity }),
  }
}
