import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { Io } from './io.js'
import { main } from './main.js'

it('ends at Ctrl-C with what was simulated so far, its files whole, and exit code 130', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
  try {
    let stderr = ''
    let forgotten = false
    const io: Io = {
      stdout: () => undefined,
      stderr: (text) => void (stderr += text),
      cwd: folder,
      env: {},
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      onInterrupt(handler) {
        setImmediate(handler)
        return () => {
          forgotten = true
        }
      },
    }
    const line =
      'run --model llama3-8b --xpu h100 --arrival-rate 8 --num-requests 1000000 ' +
      '--output o.json --requests-output r.csv --chrome-trace t.json'
    expect(await main(line.split(' '), io)).toBe(130)
    expect(forgotten).toBe(true)
    expect(stderr).toMatch(/^warning: stopped at [\d.]+ s: the figures are of what was simulated/)
    expect(readdirSync(folder).sort()).toEqual(['o.json', 'r.csv', 't.json'])
    const results = JSON.parse(readFileSync(path.join(folder, 'o.json'), 'utf8')) as {
      partial: boolean
      total_requests: number
      completed_requests: number
      unfinished_requests: number
    }
    expect(results.partial).toBe(true)
    const { total_requests: total, completed_requests: completed } = results
    expect(total).toBeGreaterThan(0)
    expect(total).toBeLessThan(1_000_000)
    expect(completed + results.unfinished_requests).toBe(total)
    // One line each, and the header.
    const lines = readFileSync(path.join(folder, 'r.csv'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(total + 1)
    JSON.parse(readFileSync(path.join(folder, 't.json'), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
