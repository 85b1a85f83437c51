import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { llmsim, type Outcome } from '../testing/captured-io.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'trace-command-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const run = (line: string): Promise<Outcome> => llmsim(line.split(' '), cwd)
const read = (name: string): string => readFileSync(path.join(cwd, name), 'utf8')

writeFileSync(
  path.join(cwd, 'mooncake.jsonl'),
  [0, 0, 3000, 6000]
    .map((timestamp, i) =>
      JSON.stringify({ timestamp, input_length: 600 + i, output_length: 10, hash_ids: [0, i + 1] }),
    )
    .join('\n'),
)
writeFileSync(
  path.join(cwd, 'sessions.jsonl'),
  '{"id":"a","requests":[{"t":0,"in":70,"out":2,"hash_ids":[1]},{"t":4,"in":90,"out":2,"think_time":3,"hash_ids":[1]}]}\n',
)

describe('trace inspect', () => {
  test('prints what a trace holds within 80 columns', async () => {
    const { code, stdout, stderr } = await run('trace inspect mooncake.jsonl')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(stdout).toMatch(/format +mooncake/)
    expect(stdout).toMatch(/requests +4/)
    expect(stdout).toMatch(/span +6 s/)
    // Three of the eight blocks had come before.
    expect(stdout).toMatch(/prefix reuse +37.5 % of blocks/)
    expect(stdout).toMatch(/prompt +601.5 +601 +603 +603 +603/)
    expect(stdout).toContain('requests/s, in stretches of')
  })

  test('prints JSON, with the options applied and counted', async () => {
    const { stdout } = await run(
      'trace inspect mooncake.jsonl --format json --window :6 --speed 2 --max-input-length 601',
    )
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 3,
      outside: 1,
      cut: 1,
      span_seconds: 1.5,
      prompt_tokens: { max: 601 },
      longest_request_tokens: 611,
      notes: ['1 outside the window', '1 cut, since they were too long'],
    })
  })

  test('takes a window in either form', async () => {
    const within = (window: string): Promise<Outcome> =>
      run(`trace inspect mooncake.jsonl --format json --window ${window}`)
    for (const [dots, colon] of [
      ['0..6', '0:6'],
      ['..6', ':6'],
      ['3..', '3:'],
    ] as const) {
      const { code, stdout } = await within(dots)
      expect(code).toBe(0)
      expect((await within(colon)).stdout).toBe(stdout)
    }
  })

  test.each([
    ['trace inspect none.csv', 'none.csv: does not exist'],
    ['trace inspect mooncake.jsonl --speed 0', '--speed: is out of range'],
    ['trace inspect mooncake.jsonl --speed x', '--speed: is not a number'],
    ['trace inspect mooncake.jsonl --window 5', '--window: is no window'],
    ['trace inspect mooncake.jsonl --window 5:3', '--window: is no window'],
    ['trace inspect mooncake.jsonl --window 5..3', '--window: is no window'],
    ['trace inspect mooncake.jsonl --over-long keep', '--over-long: is not one of'],
    ['trace inspect mooncake.jsonl --format xml', '--format: is not one of'],
  ])('%s', async (line, message) => {
    const { code, stderr } = await run(line)
    expect(code).not.toBe(0)
    expect(stderr).toContain(`error: ${message}`)
  })
})

describe('trace convert', () => {
  test.each(['out.csv', 'out.jsonl', 'out.csv.gz', 'out.jsonl.gz'])(
    'keeps times, lengths and sessions in %s',
    async (name) => {
      const { code, stderr } = await run(`trace convert sessions.jsonl ${name}`)
      expect({ code, stderr }).toEqual({ code: 0, stderr: `${name}: 2 requests\n` })
      const { stdout } = await run(`trace inspect ${name} --format json`)
      expect(JSON.parse(stdout)).toMatchObject({
        requests: 2,
        sessions: 1,
        span_seconds: 4,
        prompt_tokens: { mean: 80, max: 90 },
        // One block of 64 tokens of each prompt is known: four of 16, where the second has five.
        prefix_reuse: name.startsWith('out.jsonl') ? 4 / 9 : null,
      })
    },
  )

  test('writes the columns that there are', async () => {
    await run('trace convert sessions.jsonl columns.csv')
    expect(read('columns.csv')).toBe(
      'arrived_at,num_prefill_tokens,num_decode_tokens,session_id,think_seconds\n0,70,2,0,\n4,90,2,0,3\n',
    )
    await run('trace convert mooncake.jsonl blocks.jsonl --limit 1')
    expect(read('blocks.jsonl')).toBe(
      '{"timestamp":0,"input_length":600,"output_length":10,"hash_ids":[0,1]}\n',
    )
  })

  test('gives every block of a prompt an id, its own where nothing is known of it', async () => {
    writeFileSync(
      path.join(cwd, 'beginnings.jsonl'),
      [3000, 3600]
        .map(
          (tokens, i) =>
            `{"arrival_time_ns":${i},"input_toks":${tokens},"output_toks":1,"ideal_prefix_hit_toks":1024}\n`,
        )
        .join(''),
    )
    await run('trace convert beginnings.jsonl whole.jsonl')
    const rows = read('whole.jsonl').trim().split('\n')
    const ids = rows.map((line) => (JSON.parse(line) as { hash_ids: string[] }).hash_ids)
    expect(ids.map((each) => each.length)).toEqual([5, 7])
    expect(ids[0]!.filter((id) => ids[1]!.includes(id))).toEqual(['0.0', '0.1'])
    const { code, stderr } = await run('trace inspect whole.jsonl')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('writes no file when something is wrong', async () => {
    const { code, stderr } = await run('trace convert mooncake.jsonl out.txt')
    expect(code).not.toBe(0)
    expect(stderr).toContain('OUT: has no known ending')
    writeFileSync(
      path.join(cwd, 'bad.csv'),
      'arrived_at,num_prefill_tokens,num_decode_tokens\nx,1,1\n',
    )
    expect((await run('trace convert bad.csv good.csv')).stderr).toContain('bad.csv:2:arrived_at')
    expect(existsSync(path.join(cwd, 'good.csv'))).toBe(false)
    expect(existsSync(path.join(cwd, 'out.txt'))).toBe(false)
  })
})
