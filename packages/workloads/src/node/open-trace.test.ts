import { isSimulatorError, type RequestSource } from '@llmsim/contracts'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { type TraceOptions } from '../trace-options.js'
import { type TraceFigures, traceFigures } from '../trace-statistics.js'
import { openTrace } from './open-trace.js'
import { readTrace } from './trace-file.js'

const folder = mkdtempSync(join(tmpdir(), 'open-traces-'))
afterAll(() => rmSync(folder, { recursive: true }))

const header = 'arrived_at,num_prefill_tokens,num_decode_tokens\n'

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

function requests(source: RequestSource): number[][] {
  const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 9, priority: 9 }
  const taken: number[][] = []
  while (source.next(draft))
    taken.push([draft.arrivalSeconds, draft.promptTokens, draft.outputTokens, draft.sessionId])
  return taken
}

async function failure(file: string, options?: TraceOptions): Promise<string> {
  try {
    await openTrace(file, options)
  } catch (error) {
    if (isSimulatorError(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'no error'
}

/** Written with hyparquet-writer: three rows of the columns of Vidur and session_id. */
const parquet = `
UEFSMRUGFTQVMFwVBhUAFQYVABUEFQAAAAMHGAAABQEE4D8FBygA0D8AAAAAAAAAQBUGFRwVIFwVBhUAFQYVABUEFQAA
AAMHDCwDAAAABQAAAAcAAAAVBhU0FSxcFQYVABUGFQAVBBUAAAADBxgEBAAJAQAGCQcgAAgAAAAAAAAAFQYVIhUmXBUG
FQAVBhUAFQQVAAAAAwcPOAEAAABhAQAAAGIBAAAAYRUEGVxIBHJvb3QVCAAVCiUCGAphcnJpdmVkX2F0ABUCJQIYEm51
bV9wcmVmaWxsX3Rva2VucwAVBCUCGBFudW1fZGVjb2RlX3Rva2VucwAVDCUCGApzZXNzaW9uX2lkJQAAFgYZHBlMJggc
FQoZFQAZGAphcnJpdmVkX2F0FQIWBhZeFlomCDw2ACgIAAAAAAAAAEAYCAAAAAAAANA/NgAAGRwVBhUAFQIAAAAmYhwV
AhkVABkYEm51bV9wcmVmaWxsX3Rva2VucxUCFgYWRhZKJmI8NgAoBAcAAAAYBAMAAAAAGRwVBhUAFQIAAAAmrAEcFQQZ
FQAZGBFudW1fZGVjb2RlX3Rva2VucxUCFgYWXhZWJqwBPDYAKAgIAAAAAAAAABgIBAAAAAAAAAAAGRwVBhUAFQIAAAAm
ggIcFQwZFQAZGApzZXNzaW9uX2lkFQIWBhZMFlAmggI8NgAoAWIYAWEAGRwVBhUAFQIAAAAWzgIWBjbKAgAoCWh5cGFy
cXVldBlMHAAAHAAAHAAAHAAAAJIBAABQQVIx`

describe('openTrace', () => {
  test('replays a file as often as wanted', async () => {
    const trace = await openTrace(write('plain.csv', `${header}0.5,3,4\n2,5,6\n`))
    const expected = [
      [0.5, 3, 4, -1],
      [2, 5, 6, -1],
    ]
    expect(trace).toMatchObject({ format: 'vidur', rows: 2, streaming: true, longestRequest: 11 })
    expect(requests(trace.source())).toEqual(expected)
    expect(requests(trace.source())).toEqual(expected)
  })

  test('reads gzip, of one member or more, as the plain text', async () => {
    const lines = Array.from(
      { length: 50_000 },
      (_, i) => `${i / 8},${1 + (i % 977)},${1 + (i % 89)}\n`,
    )
    const text = header + lines.join('')
    const plain = await openTrace(write('many.csv', text))
    const half = header.length + lines.slice(0, 25_000).join('').length
    for (const bytes of [
      gzipSync(text),
      Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]),
    ]) {
      const packed = await openTrace(write('many.csv.gz', bytes))
      expect(packed).toMatchObject({ rows: 50_000, streaming: true })
      expect(requests(packed.source())).toEqual(requests(plain.source()))
    }
    for (const cut of [20, 1000, 4]) {
      const whole = gzipSync(text)
      expect(await failure(write('cut.gz', whole.subarray(0, whole.length - cut)))).toContain(
        'is not a whole gzip file',
      )
    }
  })

  test('holds rows that are out of order in memory, and sorts them', async () => {
    const trace = await openTrace(write('unsorted.csv', `${header}2,5,6\n0.5,3,4\n`))
    expect(trace.streaming).toBe(false)
    expect(requests(trace.source()).map(([at]) => at)).toEqual([0.5, 2])
  })

  test('reads letters beyond ASCII, and refuses what is not UTF-8', async () => {
    const name = 'é'.repeat(700_000)
    const text = `${header.trim()},tenant_id\n0,1,2,${name}\n1,3,4,b\n`
    expect(requests((await openTrace(write('wide.csv', text))).source())).toHaveLength(2)
    const cut = Buffer.from(`${header.trim()},tenant_id\n0,1,2,é`).subarray(0, -1)
    expect(await failure(write('cut.csv', cut))).toContain('is not UTF-8')
    expect(await failure(write('latin.csv', Uint8Array.of(0xe9, 10)))).toContain('is not UTF-8')
  })

  test('reads Parquet with the columns of a known trace', async () => {
    const file = write('rows.parquet', Buffer.from(parquet, 'base64'))
    const trace = await openTrace(file)
    expect(trace).toMatchObject({ format: 'vidur (Parquet)', rows: 3, streaming: false })
    expect(requests(trace.source())).toEqual([
      [0.25, 5, 6, 1],
      [0.5, 3, 4, 0],
      [2, 7, 8, 0],
    ])
    expect(() => readTrace(file)).toThrow('is a Parquet file')
    const broken = Buffer.from(parquet, 'base64').subarray(0, 300)
    expect(await failure(write('broken.parquet', broken))).toContain('cannot be read as Parquet')
  })

  test('applies options and counts what they did', async () => {
    const file = write('options.csv', `${header}0,5,6\n1,50,6\n2,3,4\n9,3,4\n`)
    const trace = await openTrace(file, {
      windowSeconds: [1, 5],
      speed: 2,
      maxPromptTokens: 20,
    })
    expect(requests(trace.source())).toEqual([
      [0, 20, 6, -1],
      [0.5, 3, 4, -1],
    ])
    expect(trace.counts).toEqual({ outside: 2, cut: 1, dropped: 0 })
    expect(trace.longestRequest).toBe(26)
    expect(await failure(file, { windowSeconds: [20, 30] })).toContain(
      'has no request left: 0 failed, 4 outside the window, 0 too long',
    )
    expect(await failure(join(folder, 'none.csv'), { speed: -1 })).toContain('speed')
  })

  test('draws the requests of a folder of clients, and of one of them', async () => {
    const clients = join(folder, 'clients')
    mkdirSync(clients)
    const lengths = {
      '0': { input_tokens: '{10: 1}', output_tokens: '{5: 1}', reason_ratio: '{}' },
    }
    for (const client of [1, 2]) {
      write(`clients/chunk-${client}-trace.csv`, `0,${client},1,Gamma,1,1\n600,0,0,,0,0\n`)
      write(`clients/chunk-${client}-dataset.json`, JSON.stringify(lengths))
    }
    const trace = await openTrace(clients)
    expect(trace).toMatchObject({ format: 'servegen', rows: 1800, drawn: true, longestRequest: 15 })
    const drawn = requests(trace.source())
    expect(drawn.length / 1800).toBeCloseTo(1, 1)
    expect(requests(trace.source())).toEqual(drawn)
    expect(readTrace(clients).arrivalSeconds).toHaveLength(drawn.length)
    const one = await openTrace(join(clients, 'chunk-2-dataset.json'))
    expect(one).toMatchObject({ format: 'rates', rows: 1200, notes: [] })
  })

  test('draws the starts of sessions that lie in files of their own', async () => {
    const sessions = join(folder, 'sessions')
    mkdirSync(sessions)
    for (const name of ['a', 'b'])
      write(
        `sessions/${name}.json`,
        JSON.stringify({
          id: name,
          requests: [
            { t: 0, in: 5, out: 6 },
            { t: 3, in: 7, out: 8 },
          ],
        }),
      )
    const trace = await openTrace(sessions)
    expect(trace).toMatchObject({ format: 'sessions', rows: 4, streaming: false })
    const rows = requests(trace.source())
    expect(rows.map((row) => row[3]).sort()).toEqual([0, 0, 1, 1])
    expect(rows[0]).toEqual([0, 5, 6, 0])
  })

  test.each([
    ['a folder of other things', () => folder, 'is a folder without clients of ServeGen'],
    ['a device', () => '/dev/null', 'is not a regular file'],
    ['zstd', () => write('a.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)), 'compressed with zstd'],
    ['ZIP', () => write('a.zip', 'PK\u0003\u0004'), 'is a ZIP archive'],
    [
      'lengths without rates',
      () => write('d.json', '{"0": {"input_tokens": "{}", "output_tokens": "{}"}}'),
      'has lengths and no arrivals',
    ],
  ])('refuses %s', async (_, file, message) => {
    expect(await failure(file())).toMatch(/^FILE /)
    expect(await failure(file())).toContain(message)
  })

  test('holds no more memory for a longer file', async () => {
    const line = '12345.678,1234,123\n'
    const file = write('long.csv', header + line.repeat(1_000_000))
    const trace = await openTrace(file)
    const source = trace.source()
    const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: 9, priority: 9 }
    let most = 0
    let count = 0
    while (source.next(draft))
      if (++count % 100_000 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers)
    expect(count).toBe(1_000_000)
    // The file has 19 MB, and columns of it would have 16.
    expect(most).toBeLessThan(14e6)
  })
})

/** Published traces beside the repository, where someone has put them. */
const published = fileURLToPath(new URL('../../../../../shared/traces/', import.meta.url))

async function figuresOf(name: string): Promise<TraceFigures> {
  const trace = await openTrace(join(published, name))
  return traceFigures(trace.rowStream(), 1_000_000)
}

describe.skipIf(!existsSync(published))(
  'published traces (skipped when there is no folder ../shared/traces)',
  () => {
    /** The table of the folder's README: rows, span, rate, then mean, p50, p99, max of each side. */
    test.each([
      [
        'AzureLLMInferenceTrace_code.csv',
        8819,
        3436,
        2.57,
        [2048, 1469, 7436, 7437],
        [28, 13, 251, 1899],
      ],
      [
        'AzureLLMInferenceTrace_conv.csv',
        19366,
        3502,
        5.53,
        [1155, 1020, 4142, 14050],
        [211, 129, 601, 1000],
      ],
      [
        'vidur_splitwise_conv.csv',
        19366,
        3502,
        5.53,
        [1155, 1020, 4142, 14050],
        [211, 129, 601, 1000],
      ],
      [
        'mooncake_conversation_trace.jsonl',
        12031,
        3537,
        3.4,
        [12035, 6909, 85400, 126195],
        [343, 350, 1119, 2000],
      ],
      [
        'mooncake_synthetic_trace.jsonl',
        3993,
        1022,
        3.91,
        [15325, 11587, 66456, 191378],
        [149, 69, 768, 893],
      ],
      [
        'BurstGPT_3_first105rows_reconstructed.csv',
        105,
        32700,
        0.0032,
        [1180, 384, 13082, 25085],
        [201, 98, 861, 879],
      ],
      [
        'vtc_lmsys_arena_27tenants_derived.csv',
        1500,
        600,
        2.5,
        [136, 40, 902, 1021],
        [256, 211, 785, 977],
      ],
      [
        'llmservingsim/sharegpt-llama-3.1-8b-300-sps10.jsonl',
        300,
        29,
        10.3,
        [857, 732, 2765],
        [653, 632, 784],
      ],
      [
        'llmservingsim/sharegpt-llama-3.1-8b-300-sps10.lengths.jsonl',
        300,
        29,
        10.3,
        [857, 732, 2765],
        [653, 632, 784],
      ],
      [
        'llmservingsim/vllm_measured_RTX4090_Llama-3.1-8B_requests.jsonl',
        300,
        29,
        10.3,
        [857, 732, 2765],
        [],
      ],
      ['llmservingsim/workload_me2_01_mixed.jsonl', 608, 61, 9.98, [], []],
    ])('%s agrees with the table to 1 %%', async (name, rows, span, rate, input, output) => {
      const figures = await figuresOf(name)
      expect(figures.rows).toBe(rows)
      const near = (value: number, published: number): void =>
        expect(Math.abs(value / published - 1)).toBeLessThan(0.01)
      near(figures.spanSeconds, span)
      near(figures.ratePerSecond, rate)
      for (const [side, values] of [
        ['prompt', input],
        ['output', output],
      ] as const) {
        const { mean, p50, p99, max } = figures[side]
        const measured = [mean, p50, p99, max]
        // The table rounds the means of short outputs.
        values.forEach((value, i) =>
          i === 0 ? expect(Math.round(measured[i]!)).toBe(value) : near(measured[i]!, value),
        )
      }
    })

    test('have the burstiness and the shared prefixes that the folder says', async () => {
      expect(Math.round((await figuresOf('AzureLLMInferenceTrace_code.csv')).gapCv)).toBe(13)
      expect((await figuresOf('AzureLLMInferenceTrace_conv.csv')).gapCv).toBeCloseTo(1.09, 2)
      const conversation = await figuresOf('mooncake_conversation_trace.jsonl')
      expect(conversation.prefixReuse).toBeCloseTo(0.366, 3)
      const synthetic = await figuresOf('mooncake_synthetic_trace.jsonl')
      expect(synthetic.prefixReuse).toBeCloseTo(0.64, 3)
      expect((await figuresOf('vtc_lmsys_arena_27tenants_derived.csv')).tenants).toBe(27)
    })

    test('the sessions of coding agents are whole', async () => {
      const names = ['0022', '0024', '0099', '0180', '0398', '0693']
      const all = await Promise.all(names.map((name) => figuresOf(`weka/trace_${name}.json`)))
      expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(150)
      expect(all.every(({ sessions }) => sessions === 1)).toBe(true)
      expect(await figuresOf('weka')).toMatchObject({ rows: 150, sessions: 6 })
    })

    test.each(['m-large', 'm-mid', 'm-small', 'deepseek-r1'])(
      'the rates of %s are met to 1 %%',
      async (name) => {
        const file = `servegen/rate_10min_${name}_derived.csv`
        const [, ...lines] = readFileSync(join(published, file), 'utf8').trim().split('\n')
        const rates = lines.map((line) => Number(line.split(',')[1]))
        const expected = rates.reduce((sum, rate) => sum + rate * 600, 0)
        const trace = await openTrace(join(published, file))
        expect(trace.rows).toBe(Math.round(expected))
        const figures = await figuresOf(file)
        const { rows, spanSeconds } = figures
        const whole = Math.floor(spanSeconds / 600)
        const part = rates.slice(0, whole).reduce((sum, rate) => sum + rate * 600, 0)
        const rest = (rates[whole] ?? 0) * (spanSeconds - whole * 600)
        expect(Math.abs(rows / (part + rest) - 1)).toBeLessThan(0.01)
      },
    )

    test('the clients of ServeGen send what their windows say, to 1 %', async () => {
      const { rows } = await figuresOf('servegen/reason-deepseek-r1')
      // The sum of rate times 600 s over the 10 clients' files.
      expect(Math.abs(rows / 920_863 - 1)).toBeLessThan(0.01)
    })

    test('every file of requests replays by path alone, and others are refused', async () => {
      const replayed = [
        'format_samples/inference_perf_azure_trace.csv',
        'format_samples/splitwise_sim_test_trace.csv',
        'llmservingsim/example_trace.jsonl',
        'llmservingsim/sharegpt-qwen3-32b-300-sps10.jsonl',
        'llmservingsim/sharegpt-qwen3-32b-300-sps10.lengths.jsonl',
        'llmservingsim/vllm_measured_RTXPRO6000_Qwen3-30B-A3B-Instruct-2507_requests.jsonl',
        ...[3, 12, 13, 19, 28, 30, 35, 48, 54, 55].flatMap((client) => [
          `servegen/reason-deepseek-r1/chunk-${client}-trace.csv`,
          `servegen/reason-deepseek-r1/chunk-${client}-dataset.json`,
        ]),
      ]
      for (const name of replayed) {
        const trace = await openTrace(join(published, name))
        const draft = {
          arrivalSeconds: 0,
          promptTokens: 0,
          outputTokens: 0,
          sessionId: 0,
          priority: 0,
        }
        expect(trace.source().next(draft), name).toBe(true)
      }
      for (const name of [
        'README.md',
        'llmservingsim/vllm_measured_RTX4090_Llama-3.1-8B_meta.json',
        'llmservingsim/vllm_measured_RTX4090_Llama-3.1-8B_timeseries.csv',
        'llmservingsim/llmservingsim_validation_RTX4090_Llama-3.1-8B_summary.txt',
      ])
        expect(await failure(join(published, name))).toContain('of a known trace format')
    })
  },
)
