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

/** Simulates points on this thread. */
export function localExecutor(): PointExecutor {
  const evaluator = new PointEvaluator()
  return inProcessExecutor(async (job: PointJob) => {
    // A point holds this thread: signals and the disk get their turn before each.
    await setImmediate()
    return await evaluator.evaluate(job)
  })
}

/**
 * Simulates points on `threads` threads of this machine; on this one alone where that is one, unless
 * `apart` asks for a thread even then.
 */
export async function threadExecutor(threads: number, apart = false): Promise<PointExecutor> {
  // Run from sources there is no compiled worker.
  if ((threads <= 1 && !apart) || !existsSync(workerFile)) return localExecutor()
  const { Piscina } = await import('piscina')
  const pool = new Piscina<PointJob, OutcomeText>({
    filename: workerFile,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: atOnce,
  })
  return {
    concurrency: threads * atOnce,
    evaluate: (job) => pool.run(job),
    close: () => pool.destroy(),
  }
}
