import type { Io } from '../io.js'

/** Milliseconds after which a run is worth a bar. */
const patience = 300

export interface Progress {
  /** Takes the simulated seconds and the requests so far. */
  report(simulatedSeconds: number, requests: number): void
  stop(): void
}

/** How far a run is, by its time or its requests. */
export interface Goal {
  readonly seconds?: number | undefined
  readonly requests?: number | undefined
}

/** A bar on stderr for a run that takes its time, on a terminal that was not asked to be quiet. */
export async function progressBar(io: Io, quiet: boolean, goal: Goal): Promise<Progress> {
  const total = goal.requests ?? goal.seconds
  if (quiet || !io.stderrIsTerminal || total === undefined || !Number.isFinite(total))
    return { report: () => undefined, stop: () => undefined }
  const { default: cliProgress } = await import('cli-progress')
  const byRequests = goal.requests !== undefined
  const bar = new cliProgress.SingleBar({
    format: `simulating |{bar}| {percentage} % of ${byRequests ? '{total} requests' : '{total} s'}`,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  const begun = Date.now()
  let started = false
  return {
    report(simulatedSeconds, requests) {
      if (!started && Date.now() - begun < patience) return
      const done = Math.min(total, byRequests ? requests : Math.floor(simulatedSeconds))
      if (started) bar.update(done)
      else bar.start(total, done)
      started = true
    },
    stop() {
      if (started) bar.stop()
    },
  }
}
