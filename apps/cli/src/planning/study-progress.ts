import type { Io } from '../io.js'
import { duration } from '../output/figures.js'

/** How many points of a study are done. */
export interface StudyProgress {
  /** So many are to be done; more may be added later. */
  expect(points: number): void
  /** One more is done. */
  advance(): void
  stop(): void
}

/** Milliseconds between two bars of a terminal, and between two lines elsewhere. */
const betweenBars = 100
const betweenLines = 15_000

/**
 * What is done, and when the rest will be: a bar on a terminal, a line now and then elsewhere, nothing
 * where the user asked for quiet.
 */
export function studyProgress(io: Io, quiet: boolean, label: string): StudyProgress {
  const begun = Date.now()
  let shown = begun
  let total = 0
  let done = 0
  let drawn = false
  const text = (): string => {
    const elapsed = (Date.now() - begun) / 1000
    const left = done === 0 ? undefined : (elapsed / done) * (total - done)
    return `${done} of ${total} ${label}${left === undefined ? '' : `, ${duration(left)} left`}`
  }
  return {
    expect(points) {
      total += points
    },
    advance() {
      done++
      if (quiet) return
      const now = Date.now()
      if (now - shown < (io.stderrIsTerminal ? betweenBars : betweenLines)) return
      shown = now
      drawn = true
      io.stderr(io.stderrIsTerminal ? `\r\u001B[2K${bar(done / total)} ${text()}` : `${text()}\n`)
    },
    stop() {
      if (drawn && io.stderrIsTerminal) io.stderr('\r\u001B[2K')
      drawn = false
    },
  }
}

function bar(share: number): string {
  const width = 30
  const full = Math.round(Math.min(1, share) * width)
  return `|${'█'.repeat(full)}${'░'.repeat(width - full)}|`
}
