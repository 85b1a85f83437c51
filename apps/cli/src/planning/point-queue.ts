import { SimulatorError } from '@llmsim/contracts'
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { packageVersions } from '../output/results-document.js'

/**
 * The queue of points on a Redis. Its name holds the versions of the packages: a worker of another
 * version has a queue of its own, and never mixes its figures in.
 */
export function queueName(): string {
  const versions = createHash('sha256').update(JSON.stringify(packageVersions())).digest('hex')
  return `llmsim-points-${versions.slice(0, 12)}`
}

/** Milliseconds for which a worker may be silent before another one takes its points. */
export const lockMilliseconds = 6000
/** Times that a point may lose its worker: then the point is what kills them. */
export const mostStalls = 5

const firstConnection = 10_000

/**
 * A connection that comes back for as long as it takes, once it was there.
 *
 * @throws SimulatorError FILE at `flag` where nothing answers within ten seconds.
 */
export async function redisConnection(url: string, flag: string): Promise<Redis> {
  const { Redis: Client } = await import('ioredis')
  let client: Redis
  try {
    client = new Client(url.replace(/^valkey/, 'redis'), {
      maxRetriesPerRequest: null,
      lazyConnect: true,
      retryStrategy: (times) => Math.min(100 * times, 2000),
    })
  } catch {
    throw refusal(url, flag, 'is no address of a Redis')
  }
  // Each failed attempt is an event; the deadline below says when it is an error.
  client.on('error', () => undefined)
  const problem = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => resolve('does not answer'), firstConnection)
    const done = (text: string | undefined): void => {
      clearTimeout(timer)
      resolve(text)
    }
    client.once('ready', () => done(undefined))
    client.connect().catch((error: unknown) => {
      const text = String(error)
      if (/WRONGPASS|NOAUTH|NOPERM/.test(text)) done('refuses the password')
    })
  })
  if (problem === undefined) return client
  client.disconnect()
  throw refusal(url, flag, problem)
}

function refusal(url: string, flag: string, message: string): SimulatorError {
  return new SimulatorError({
    code: 'FILE',
    path: flag,
    message,
    // Nobody wants a password in a log.
    given: url.replace(/\/\/[^@/]*@/, '//…@'),
    accepted: 'a Redis or Valkey that runs, such as redis://localhost:6379',
  })
}
