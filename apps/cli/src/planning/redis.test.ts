import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-redis-'))
const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))
const processes = new Set<ChildProcess>()

afterEach(async () => {
  await Promise.all([...processes].map((one) => ended(one, 'SIGKILL')))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Debian's Redis, which is installed where it is missing and may be; or why there is none. */
function redisServer(): { readonly program: string } | { readonly reason: string } {
  const find = (): string | undefined => {
    try {
      return execFileSync('sh', ['-c', 'command -v redis-server'], { encoding: 'utf8' }).trim()
    } catch {
      return undefined
    }
  }
  const there = find()
  if (there !== undefined) return { program: there }
  if (process.getuid?.() !== 0)
    return { reason: 'redis-server is missing, and only root installs it' }
  try {
    execFileSync(
      'sh',
      [
        '-c',
        '(apt-get install -y --no-install-recommends redis-server || (apt-get update && apt-get install -y --no-install-recommends redis-server)) >/dev/null 2>&1',
      ],
      { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 180_000 },
    )
  } catch {
    return { reason: 'redis-server cannot be installed here' }
  }
  const installed = find()
  return installed === undefined
    ? { reason: 'redis-server cannot be installed here' }
    : { program: installed }
}

/** Why the tests of processes are skipped; undefined: they run. */
function skipReason(): string | undefined {
  if (!existsSync(bin)) return 'apps/cli is not built (npx tsc -b)'
  const found = redisServer()
  return 'reason' in found ? found.reason : undefined
}

const reason = skipReason()

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

function start(program: string, words: readonly string[]): ChildProcess {
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  processes.add(child)
  child.once('exit', () => processes.delete(child))
  return child
}

/** Ends a process by its id, and waits until it is gone. */
async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (signal !== undefined) child.kill(signal)
  return await gone
}

/** A Redis of its own on the loopback, whose append-only file outlives it. */
async function startRedis(port: number): Promise<ChildProcess> {
  const found = redisServer()
  if ('reason' in found) throw new Error(found.reason)
  const server = start(found.program, [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--daemonize', 'no'],
  ])
  let log = ''
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (data: Buffer) => {
      log += data.toString()
      if (log.includes('Ready to accept connections')) resolve()
    })
    server.once('exit', () => reject(new Error(`redis-server ended:\n${log}`)))
  })
  return server
}

const llmsim = (line: string): ChildProcess => start(process.execPath, [bin, ...line.split(' ')])

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stderr?.on('data', (data: Buffer) => (text += data.toString()))
  const code = await ended(child)
  expect(code, text).toBe(0)
  return text
}

const bytes = (file: string): string => readFileSync(path.join(folder, file), 'utf8')
const sizeOf = (file: string): number =>
  statSync(path.join(folder, file), { throwIfNoEntry: false })?.size ?? 0

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20)
}

/** 1,000 points of some milliseconds each. */
const study =
  'sweep --model llama3-8b --xpu h100 --num-requests 400 --quiet ' +
  '--vary arrival-rate=1..10.95:0.05 --vary scheduler.max_batch_size=8,32,64,128,256'

describe.skipIf(reason !== undefined)(
  `a study of processes${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('is the same with a worker killed and the Redis restarted as in one process', async () => {
      await output(
        llmsim(`${study} --executor in-process --output alone.csv --journal alone.jsonl`),
      )
      expect(bytes('alone.csv').split('\n')).toHaveLength(1002)
      const port = await freePort()
      const url = `redis://127.0.0.1:${port}`
      let redis = await startRedis(port)
      const workers = [1, 2, 3].map(() => llmsim(`worker --redis ${url} --jobs 1 --quiet`))
      const driver = llmsim(`${study} --executor ${url} --output spread.csv --journal spread.jsonl`)
      const whole = sizeOf('alone.jsonl')
      await until(() => sizeOf('spread.jsonl') > 0.2 * whole || driver.exitCode !== null)
      await ended(workers[0] ?? driver, 'SIGKILL')
      await until(() => sizeOf('spread.jsonl') > 0.4 * whole || driver.exitCode !== null)
      await ended(redis, 'SIGKILL')
      redis = await startRedis(port)
      await output(driver)
      expect(bytes('spread.csv') === bytes('alone.csv')).toBe(true)
      for (const worker of workers.slice(1)) expect(await ended(worker, 'SIGTERM')).toBe(0)
      await ended(redis, 'SIGTERM')
    }, 300_000)

    it('goes on after a kill -9 of the driver, and ends with the same bytes', async () => {
      await output(llmsim(`${study} --jobs 2 --output through.csv --journal through.jsonl`))
      for (const share of [0.1, 0.5, 0.8]) {
        const driver = llmsim(
          `${study} --jobs 2 --output killed.csv --journal killed.jsonl --resume`,
        )
        await until(
          () =>
            sizeOf('killed.jsonl') > share * sizeOf('through.jsonl') || driver.exitCode !== null,
        )
        await ended(driver, 'SIGKILL')
      }
      const before = sizeOf('killed.jsonl')
      expect(before).toBeLessThan(sizeOf('through.jsonl'))
      await output(llmsim(`${study} --jobs 2 --output killed.csv --journal killed.jsonl --resume`))
      expect(bytes('killed.csv') === bytes('through.csv')).toBe(true)
      const lines = (file: string): string[] => bytes(file).split('\n').sort()
      expect(lines('killed.jsonl')).toEqual(lines('through.jsonl'))
    }, 300_000)

    it('stops at Ctrl-C with exit code 130, and keeps what is done', async () => {
      const driver = llmsim(`${study} --jobs 2 --output stopped.csv --journal stopped.jsonl`)
      let said = ''
      driver.stderr?.on('data', (data: Buffer) => (said += data.toString()))
      await until(() => sizeOf('stopped.jsonl') > 100_000 || driver.exitCode !== null)
      expect(await ended(driver, 'SIGINT')).toBe(130)
      expect(said).toContain('--resume goes on')
      expect(sizeOf('stopped.csv')).toBe(0)
      expect(bytes('stopped.jsonl').trimEnd().split('\n').length).toBeGreaterThan(10)
    }, 120_000)

    it('says which Redis does not answer', async () => {
      const driver = llmsim(`${study} --executor redis://127.0.0.1:${await freePort()}`)
      let said = ''
      driver.stderr?.on('data', (data: Buffer) => (said += data.toString()))
      expect(await ended(driver)).toBe(2)
      expect(said).toContain('--executor')
      expect(said).toContain('does not answer')
    }, 60_000)
  },
)
