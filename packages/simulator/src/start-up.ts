import type { Replica } from './replica.js'
import type { Timetable } from './timetable.js'

/** What the start of a replica needs of the run around it. */
export interface StartUpParts {
  readonly timetable: Timetable
  /** The replicas of that pool. */
  poolOf(replica: Replica): { refresh(): void }
  /** A replica can take requests. */
  available(replica: Replica): void
}

/**
 * Lets replicas of one pool start, together: they can take requests at `readyAt`, unless they break before. In no
 * time at all where that is `now`.
 */
export function startUp(
  replicas: readonly Replica[],
  now: number,
  readyAt: number,
  parts: StartUpParts,
): void {
  const starts = replicas.map((replica) => {
    replica.state = 'starting'
    return ++replica.starts
  })
  const ready = (then: number): void => {
    const there = replicas.filter(
      (replica, i) => replica.starts === starts[i] && replica.state === 'starting',
    )
    for (const replica of there) {
      replica.state = 'available'
      replica.down.stop(then)
    }
    if (there.length === 0) return
    parts.poolOf(there[0]!).refresh()
    for (const replica of there) parts.available(replica)
  }
  if (readyAt > now) parts.timetable.once(readyAt, ready)
  else ready(now)
}
