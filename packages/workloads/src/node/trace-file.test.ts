import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isSimulatorError } from '@llmsim/contracts'
import { afterAll, describe, expect, test } from 'vitest'
import { readTrace } from './trace-file.js'

const folder = mkdtempSync(join(tmpdir(), 'traces-'))
afterAll(() => rmSync(folder, { recursive: true }))

function failure(file: string): string {
  try {
    readTrace(file)
  } catch (error) {
    if (isSimulatorError(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'no error'
}

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

describe('readTrace', () => {
  test('reads a file', () => {
    const text = '\ufeffarrived_at,num_prefill_tokens,num_decode_tokens\n0.5,3,4\n'
    expect(readTrace(write('small.csv', text))).toEqual({
      arrivalSeconds: Float64Array.of(0.5),
      promptTokens: Int32Array.of(3),
      outputTokens: Int32Array.of(4),
    })
  })

  test.each([
    ['a missing file', () => join(folder, 'none.csv'), 'none.csv: does not exist'],
    ['a path through a file', () => join(write('x', ''), 'y.csv'), 'y.csv: does not exist'],
    ['a folder', () => folder, ': is a folder'],
    ['a path with a zero', () => 'a\0b', 'cannot be read'],
    ['an empty file', () => write('empty.csv', ''), 'empty.csv: is empty'],
    [
      'cut gzip',
      () => write('a.csv.gz', Uint8Array.of(0x1f, 0x8b, 8, 0)),
      'is not a whole gzip file',
    ],
    ['Latin-1', () => write('latin.csv', Uint8Array.of(0xe9, 10)), 'is not UTF-8 text'],
    ['UTF-16', () => write('utf16.csv', Uint8Array.of(0xff, 0xfe, 65, 0)), 'is not UTF-8 text'],
  ])('refuses %s', (_, file, message) => {
    const text = failure(file())
    expect(text).toMatch(/^FILE /)
    expect(text).toContain(message)
  })
})

/** Published traces beside the repository, where someone has put them. */
const published = fileURLToPath(new URL('../../../../../shared/traces/', import.meta.url))

describe.skipIf(!existsSync(published))(
  `published traces (skipped when there is no folder ../shared/traces)`,
  () => {
    const mean = (values: Int32Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length

    test('the Azure conversation trace has its published figures', () => {
      const rows = readTrace(join(published, 'AzureLLMInferenceTrace_conv.csv'))
      expect(rows.arrivalSeconds).toHaveLength(19_366)
      expect(rows.arrivalSeconds[0]).toBe(0)
      expect(rows.arrivalSeconds.at(-1)).toBe(3501.721937)
      expect(Math.round(mean(rows.promptTokens))).toBe(1155)
      expect(Math.round(mean(rows.outputTokens))).toBe(211)
      expect(Math.max(...rows.promptTokens)).toBe(14_050)
      expect(Math.max(...rows.outputTokens)).toBe(1000)
    })

    test('its version for Vidur has the same requests', () => {
      const azure = readTrace(join(published, 'AzureLLMInferenceTrace_conv.csv'))
      const vidur = readTrace(join(published, 'vidur_splitwise_conv.csv'))
      expect(vidur.promptTokens).toEqual(azure.promptTokens)
      expect(vidur.outputTokens).toEqual(azure.outputTokens)
      const apart = vidur.arrivalSeconds.map((at, row) => Math.abs(at - azure.arrivalSeconds[row]!))
      expect(Math.max(...apart)).toBeLessThan(1e-9)
    })
  },
)
