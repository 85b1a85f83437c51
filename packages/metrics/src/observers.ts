import type { RunObserver } from '@llmsim/contracts'

const calls = [
  'requestArrived',
  'requestFinished',
  'requestFailed',
  'loadChanged',
  'segmentExecuted',
  'transferBegan',
  'blocksSampled',
  'runEnded',
] as const satisfies readonly (keyof RunObserver)[]

/** One observer that tells several, in their order; undefined of none. */
export function observers(all: readonly RunObserver[]): RunObserver | undefined {
  if (all.length < 2) return all[0]
  const joined: Record<string, (event: never) => void> = {}
  for (const call of calls) {
    const told = all.filter((each) => each[call] !== undefined)
    if (told.length > 0)
      joined[call] = (event) => {
        for (const each of told) each[call]?.(event)
      }
  }
  return joined
}
