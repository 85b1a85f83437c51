import fc from 'fast-check'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Journal, readJournal } from './journal.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-journal-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

let files = 0
const next = (): string => path.join(folder, `${files++}.jsonl`)
const settings = { study: { command: 'test' }, resume: false, flag: '--journal' }
const keyOf = (index: number): string => index.toString(16).padStart(8, '0')

async function written(count: number): Promise<string> {
  const file = next()
  const journal = Journal.open(file, folder, settings)
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      journal.append(keyOf(index), JSON.stringify({ result: index, text: 'ü\n"' })),
    ),
  )
  await journal.close()
  return file
}

describe('a journal', () => {
  it('holds what was appended, in the order of it', async () => {
    const file = await written(50)
    const { outcomes, study } = readJournal(file)
    expect(study).toEqual({ command: 'test' })
    expect([...outcomes.keys()]).toEqual(Array.from({ length: 50 }, (_, index) => keyOf(index)))
    expect(JSON.parse(outcomes.get(keyOf(7)) ?? '')).toEqual({ result: 7, text: 'ü\n"' })
  })

  it('has a point on the disk once append resolves', async () => {
    const file = next()
    const journal = Journal.open(file, folder, settings)
    await journal.append(keyOf(1), '{"result":1}')
    expect(readJournal(file).outcomes.get(keyOf(1))).toBe('{"result":1}')
    await journal.close()
  })

  it('is whole up to the last line after a cut anywhere, and goes on from there', async () => {
    const file = await written(6)
    const whole = readFileSync(file)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (length) => {
        writeFileSync(file, whole)
        truncateSync(file, length)
        const lines = whole.subarray(0, length).toString().split('\n').length - 1
        const kept = Math.max(0, lines - 1)
        const journal = Journal.open(file, folder, { ...settings, resume: true })
        expect(journal.outcomes.size).toBe(kept)
        for (let index = kept; index < 6; index++)
          await journal.append(keyOf(index), JSON.stringify({ result: index, text: 'ü\n"' }))
        await journal.close()
        expect(readFileSync(file).equals(whole)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('leaves out a line that was changed', async () => {
    const file = await written(5)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('"result":3', '"result":4'))
    expect(readJournal(file).outcomes.has(keyOf(3))).toBe(false)
    expect(readJournal(file).outcomes.size).toBe(4)
  })

  it('takes no other file for a journal', () => {
    const file = next()
    writeFileSync(file, '{"key":"00","outcome":{}}\nplain text\n')
    appendFileSync(file, Buffer.from([0xff, 0xfe, 10]))
    expect(readJournal(file)).toMatchObject({ study: undefined, outcomes: new Map() })
  })

  it('is refused without --resume, and of another study', async () => {
    const file = await written(1)
    expect(() => Journal.open(file, folder, settings)).toThrow('--resume')
    const other = { ...settings, resume: true, study: { command: 'other' } }
    expect(() => Journal.open(file, folder, other)).toThrow('another study')
  })
})
