import { Queue, QueueEvents, type Job } from 'bullmq'
import { randomUUID } from 'node:crypto'
import type { Io } from '../io.js'
import type { OutcomeText, PointJob } from './point-job.js'
import { queueName, redisConnection } from './point-queue.js'
import type { PointExecutor } from './thread-executor.js'

/** Points on the queue at once: enough for many workers, and few to lose with the driver. */
const inFlight = 64
/** Milliseconds between two looks at points whose end may have been missed. */
const lookEvery = 1000
/** Milliseconds after which a driver without workers says so. */
const patience = 5000
/** Seconds for which the outcome of a driver that is gone is kept. */
const keptSeconds = 3600
const attempts = 5

interface Waiting {
  readonly job: PointJob
  readonly resolve: (outcome: OutcomeText) => void
  readonly reject: (error: Error) => void
}

/**
 * Simulates points on the machines that run `llmsim worker` on the same Redis. A point whose worker dies
 * goes to another one; one that the Redis lost is handed in again.
 */
export async function redisExecutor(url: string, io: Io): Promise<PointExecutor> {
  const connection = await redisConnection(url, '--executor')
  const name = queueName()
  const queue = new Queue<PointJob, OutcomeText>(name, {
    connection,
    defaultJobOptions: {
      attempts,
      backoff: { type: 'fixed', delay: 200 },
      removeOnComplete: { age: keptSeconds },
      removeOnFail: { age: keptSeconds },
    },
  })
  const eventsConnection = connection.duplicate()
  eventsConnection.on('error', () => undefined)
  const events = new QueueEvents(name, { connection: eventsConnection })
  queue.on('error', () => undefined)
  events.on('error', () => undefined)
  await events.waitUntilReady()
  const waiting = new Map<string, Waiting>()
  const settle = (id: string, end: (one: Waiting) => void): void => {
    const one = waiting.get(id)
    if (one === undefined) return
    waiting.delete(id)
    end(one)
    queue.remove(id).catch(() => undefined)
  }
  events.on('completed', ({ jobId, returnvalue }) => {
    // The library gives what was returned, or its JSON.
    const text = outcomeText(returnvalue)
    if (text !== undefined) settle(jobId, ({ resolve }) => resolve(text))
  })
  events.on('failed', ({ jobId, failedReason }) =>
    settle(jobId, ({ reject }) => reject(new Error(`a worker failed: ${failedReason}`))),
  )
  const look = setInterval(() => {
    void lookAgain()
  }, lookEvery)
  let looking = false
  async function lookAgain(): Promise<void> {
    if (looking) return
    looking = true
    try {
      for (const [id, { job }] of [...waiting]) {
        const found = (await queue.getJob(id)) as Job<PointJob, OutcomeText> | undefined
        if (!waiting.has(id)) continue
        if (found === undefined) await queue.add('point', job, { jobId: id })
        else if (await found.isCompleted()) {
          const text = outcomeText(found.returnvalue)
          if (text !== undefined) settle(id, ({ resolve }) => resolve(text))
        } else if (await found.isFailed())
          settle(id, ({ reject }) => reject(new Error(`a worker failed: ${found.failedReason}`)))
      }
    } catch {
      // The connection is away: it comes back, and the next look sees what there is.
    } finally {
      looking = false
    }
  }
  const impatience = setTimeout(() => {
    void queue.getWorkersCount().then(
      (count) => {
        if (count === 0)
          io.stderr(
            `no worker is there yet: llmsim worker --redis ${url.replace(/\/\/[^@/]*@/, '//…@')}\n`,
          )
      },
      () => undefined,
    )
  }, patience)
  return {
    concurrency: inFlight,
    evaluate: (job) =>
      new Promise<OutcomeText>((resolve, reject) => {
        const id = randomUUID()
        waiting.set(id, { job, resolve, reject })
        queue.add('point', job, { jobId: id }).catch(() => undefined)
      }),
    async close() {
      clearInterval(look)
      clearTimeout(impatience)
      const left = [...waiting.keys()]
      waiting.clear()
      await Promise.allSettled(left.map((id) => queue.remove(id)))
      await Promise.allSettled([events.close(), queue.close()])
      eventsConnection.disconnect()
      connection.disconnect()
    },
  }
}

/** What a worker returned, as it was: a text, not the JSON of it. */
function outcomeText(returned: unknown): OutcomeText | undefined {
  if (typeof returned !== 'string') return undefined
  if (!returned.startsWith('"')) return returned
  return JSON.parse(returned) as OutcomeText
}
