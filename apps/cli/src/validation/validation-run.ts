import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { loadRegistries } from '../registries.js'
import type { MeasuredPoint } from './measured-point.js'
import { pointErrors, type PointOutcome } from './point-errors.js'
import type { ValidatedCostModel } from './point-scenario.js'

/** How measurements are simulated. */
export interface ValidationSettings {
  readonly costModel: ValidatedCostModel
  readonly catalog: readonly string[]
  readonly cwd: string
}

/** Measurements of one message: few, so that threads end together. */
const CHUNK = 16

const workerFile = new URL('./validation-worker.js', import.meta.url)

/**
 * Simulates all measurements on `jobs` threads. The outcomes are in the order of the points, whatever
 * the number of threads.
 */
export async function runValidation(
  points: readonly MeasuredPoint[],
  settings: ValidationSettings,
  jobs: number,
): Promise<PointOutcome[]> {
  const threads = Math.min(jobs, Math.ceil(points.length / CHUNK))
  // Run from sources there is no compiled worker.
  if (threads <= 1 || !existsSync(fileURLToPath(workerFile)))
    return await validateHere(points, settings)
  const outcomes: PointOutcome[] = []
  let next = 0
  const chunk = (): { start: number; points: readonly MeasuredPoint[] } | undefined => {
    if (next >= points.length) return undefined
    const start = next
    next += CHUNK
    return { start, points: points.slice(start, next) }
  }
  await Promise.all(
    Array.from({ length: threads }, () => serve(new Worker(workerFile, { workerData: settings }))),
  )
  return outcomes

  function serve(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      let at = 0
      const send = (): void => {
        const work = chunk()
        if (work === undefined) {
          void worker.terminate()
          resolve()
          return
        }
        at = work.start
        worker.postMessage(work.points)
      }
      worker.on('message', (found: PointOutcome[]) => {
        for (const [index, outcome] of found.entries()) outcomes[at + index] = outcome
        send()
      })
      worker.on('error', reject)
      send()
    })
  }
}

/** Simulates measurements on this thread. */
export async function validateHere(
  points: readonly MeasuredPoint[],
  { costModel, catalog, cwd }: ValidationSettings,
): Promise<PointOutcome[]> {
  const registries = await loadRegistries({ catalog }, cwd)
  return points.map((point) => pointErrors(point, costModel, registries))
}
