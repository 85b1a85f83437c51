import { SimulatorError } from '@llmsim/contracts'
import { availableParallelism } from 'node:os'
import type { Io } from '../io.js'
import { count } from '../output/figures.js'
import { interruption } from '../planning/interruption.js'
import type { OutcomeText, PointJob } from '../planning/point-job.js'
import {
  lockMilliseconds,
  mostStalls,
  queueName,
  redisConnection,
} from '../planning/point-queue.js'
import { threadExecutor } from '../planning/thread-executor.js'
import { wholeNumber } from './option-values.js'

export interface WorkerOptions {
  readonly redis?: string
  readonly jobs?: string
  readonly quiet?: boolean
}

const mostThreads = 1024
const lookEvery = 200

/** Simulates points that studies put on a Redis, until it is stopped. */
export async function worker(options: WorkerOptions, io: Io): Promise<void> {
  if (options.redis === undefined)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--redis',
      message: 'is missing: there is nothing to work for',
      accepted: 'the address that the study has after --executor, such as redis://localhost:6379',
    })
  const threads = wholeNumber('--jobs', options.jobs, mostThreads) ?? availableParallelism()
  const connection = await redisConnection(options.redis, '--redis')
  // Points run on threads of their own, also a single one: this one must go on telling that it lives.
  const executor = await threadExecutor(threads, true)
  const { Worker } = await import('bullmq')
  let done = 0
  const queue = new Worker<PointJob, OutcomeText>(
    queueName(),
    async ({ data }) => {
      const outcome = await executor.evaluate(data)
      done++
      return outcome
    },
    {
      connection,
      concurrency: threads,
      lockDuration: lockMilliseconds,
      stalledInterval: lockMilliseconds / 2,
      maxStalledCount: mostStalls,
    },
  )
  queue.on('error', () => undefined)
  const stop = interruption()
  if (options.quiet !== true) io.stderr(`working on ${threads} threads; Ctrl-C stops\n`)
  while (!stop.aborted) await new Promise((resolve) => setTimeout(resolve, lookEvery))
  await queue.close()
  await executor.close()
  connection.disconnect()
  if (options.quiet !== true) io.stderr(`${count(done)} points simulated\n`)
}
