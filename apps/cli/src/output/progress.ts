import type { Io } from '../io.js'
import { duration, figure } from './figures.js'

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
    format:
      '|{bar}| {percentage} %  {simulated} simulated, {rate} requests/s, {eta_formatted} left',
    barsize: 16,
    etaBuffer: 20,
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
      const elapsed = (Date.now() - begun) / 1000
      const shown = { simulated: duration(simulatedSeconds), rate: figure(requests / elapsed) }
      if (started) bar.update(done, shown)
      else bar.start(total, done, shown)
      started = true
    },
    stop() {
      if (started) bar.stop()
    },
  }
}
