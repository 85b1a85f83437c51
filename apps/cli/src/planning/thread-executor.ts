import { inProcessExecutor, type Executor } from '@llmsim/planner'
import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PointEvaluator } from './point-evaluator.js'
import type { OutcomeText, PointJob } from './point-job.js'

export type PointExecutor = Executor<PointJob, OutcomeText>

const workerFile = fileURLToPath(new URL('./point-worker.js', import.meta.url))

/** Points that a thread is given at once: it need not wait for this one to be handed the next. */
const atOnce = 2

/** Why a point is not evaluated, or not to its end. */
export const givenUp = 'the points in flight were given up'

/** Simulates points on this thread. */
export function localExecutor(): PointExecutor {
  const evaluator = new PointEvaluator()
  let closed = false
  return {
    ...inProcessExecutor(async (job: PointJob) => {
      // A point holds this thread: signals and the disk get their turn before each.
      await setImmediate()
      if (closed) throw new Error(givenUp)
      return await evaluator.evaluate(job)
    }),
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}

/**
 * Simulates points on `threads` threads of this machine; on this one alone where that is one, unless
 * `apart` asks for a thread even then.
 */
export async function threadExecutor(threads: number, apart = false): Promise<PointExecutor> {
  // Run from sources there is no compiled worker.
  if ((threads <= 1 && !apart) || !existsSync(workerFile)) return localExecutor()
  return await pooledExecutor<PointJob, OutcomeText>(workerFile, threads)
}

/** Evaluates points on threads that run the module at `file`, whose default export is called for each. */
export async function pooledExecutor<Point, Outcome>(
  file: string,
  threads: number,
): Promise<Executor<Point, Outcome>> {
  const { Piscina } = await import('piscina')
  const pool = new Piscina<Point, Outcome>({
    filename: file,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: atOnce,
  })
  let closed = false
  return {
    concurrency: threads * atOnce,
    async evaluate(point) {
      // The pool would start new threads.
      if (closed) throw new Error(givenUp)
      return await pool.run(point)
    },
    async close() {
      closed = true
      // An outcome that was on its way is one that the pool no longer knows.
      pool.on('error', () => undefined)
      await pool.destroy()
    },
  }
}
