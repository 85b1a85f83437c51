import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passing } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { givenUp, localExecutor, pooledExecutor } from './thread-executor.js'

describe('points in flight when an executor is closed', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llmsim-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  async function pool(): ReturnType<typeof pooledExecutor<Int32Array, string>> {
    const file = join(folder, 'worker.mjs')
    writeFileSync(
      file,
      `export default (seen) => {
        Atomics.add(seen, 0, 1)
        Atomics.notify(seen, 0)
        return 'done'
      }`,
    )
    return await pooledExecutor<Int32Array, string>(file, 1)
  }

  it('are given up, though their outcomes are on their way', async () => {
    const uncaught: unknown[] = []
    const keep = (error: unknown): unknown => uncaught.push(error)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', keep)
    try {
      const executor = await pool()
      const seen = new Int32Array(new SharedArrayBuffer(4))
      expect(await executor.evaluate(seen)).toBe('done')
      const points = [executor.evaluate(seen), executor.evaluate(seen)]
      // This thread sleeps until the other is done with both, and has sent what they came to.
      while (Atomics.load(seen, 0) < 3) Atomics.wait(seen, 0, Atomics.load(seen, 0), 20)
      Atomics.wait(seen, 0, 3, 100)
      const closing = executor.close()
      const ends = await Promise.allSettled(points)
      expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      await closing
      await passing(20)
    } finally {
      process.off('uncaughtException', keep)
      for (const other of others) process.on('uncaughtException', other)
    }
    expect(uncaught).toEqual([])
  })

  it('are followed by no others', async () => {
    const executor = await pool()
    const seen = new Int32Array(new SharedArrayBuffer(4))
    await executor.evaluate(seen)
    await executor.close()
    await expect(executor.evaluate(seen)).rejects.toThrow(givenUp)
    expect(Atomics.load(seen, 0)).toBe(1)
  })

  it('do not begin on this thread', async () => {
    const executor = localExecutor()
    const job = {
      context: { catalog: [], plugin: [], folders: [], cwd: '.' },
      scenario: { model: 'tiny-1b' },
    }
    const points = [executor.evaluate(job), executor.evaluate(job)]
    const ends = Promise.allSettled(points)
    await executor.close()
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
