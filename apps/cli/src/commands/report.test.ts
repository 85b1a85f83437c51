import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from '../testing/captured-io.js'

let cwd = ''
beforeEach(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
})

const run = (...words: string[]): Promise<Outcome> => llmsim(words, cwd)
const line = (text: string): Promise<Outcome> => llmsim(text.split(' '), cwd)
const read = (name: string): string => readFileSync(path.join(cwd, name), 'utf8')

const scenario = '--model llama3-8b --xpu h100 --arrival-rate 5 --num-requests 60 --quiet'

describe('run --report', () => {
  it('writes a page of what the results file holds', async () => {
    const { code, stderr } = await line(
      `${scenario.replace(' --quiet', '')} --report page.html --output results.json`,
    )
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'results written to results.json\nreport written to page.html\n',
    })
    const { time_series, operators, memory_breakdown } = JSON.parse(read('results.json'))
    expect(time_series.pools).toHaveLength(1)
    expect(operators.map(({ phase }: { phase: string }) => phase)).toEqual(['prefill', 'decode'])
    const parts: { bytes: number }[] = memory_breakdown[0].parts
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(memory_breakdown[0].device_bytes)
    expect(read('page.html')).toContain('<h1><bdi>llama3-8b on 1 × h100-80gb</bdi></h1>')
    expect(read('page.html')).not.toContain('Not shown: TTFT over time')
  })

  it('leaves the figures as they are', async () => {
    await line(`${scenario} --output plain.json`)
    await line(`${scenario} --report page.html --output reported.json`)
    const { time_series, operators, memory_breakdown, ...figures } = JSON.parse(
      read('reported.json'),
    )
    expect(figures).toEqual(JSON.parse(read('plain.json')))
    // The mean steps are means over all steps of the run.
    const counts: number[] = operators.map(({ steps }: { steps: number }) => steps)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(figures.pools[0].steps)
    expect(time_series.end_s).toBeCloseTo(figures.simulation_time, 9)
    expect(memory_breakdown).toHaveLength(1)
  })

  it.each([
    ['--report results.json --output results.json', '--report: is the file that --output writes'],
    ['--report a.csv --requests-output a.csv', '--requests-output: is the file that --report'],
    ['--report .', '--report: is a folder'],
    ['--report nowhere/page.html', '--report: is in a folder that does not exist'],
  ])('refuses %s', async (flags, message) => {
    const { code, stderr } = await line(`${scenario} ${flags}`)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('report', () => {
  it('sets results side by side, by the names of their files', async () => {
    await line(`${scenario} --output a.json`)
    await line(`${scenario} --seed 1 --output b.json`)
    const { code, stderr } = await run(
      ...['report', 'a.json', 'b.json', '--output', 'page.html', '--title', 'Two <seeds>'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'report written to page.html\n' })
    expect(read('page.html')).toContain('<h1><bdi>Two &lt;seeds&gt;</bdi></h1>')
    expect(read('page.html')).toContain('<code>random_seed</code>')
    expect(read('page.html')).toMatch(/<bdi>a<\/bdi>[\s\S]*<bdi>b<\/bdi>/)
  })

  it('takes what compare prints', async () => {
    const { stdout } = await line(
      `compare --xpu h100,l4 --model llama3-70b --tp 4 --arrival-rate 1 --num-requests 20 --format json`,
    )
    writeFileSync(path.join(cwd, 'both.json'), stdout)
    // The model does not fit the second.
    expect(JSON.parse(stdout)).toHaveLength(2)
    expect((await line('report both.json --output page.html')).code).toBe(0)
    expect(read('page.html')).toContain('"label":"h100"')
  })

  it('draws one chart', async () => {
    await line(`${scenario} --output a.json`)
    const { code, stderr } = await line('report a.json --svg ttft-cdf --output chart.svg')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'chart written to chart.svg\n' })
    expect(read('chart.svg')).toMatch(
      /^<svg .*<title id="title">Time to first token \(TTFT\)<\/title>/s,
    )
  })

  it.each([
    ['report a.json', '--output: is required'],
    ['report a.json --output a.json', '--output: is what this run reads'],
    ['report missing.json --output page.html', 'missing.json: there is no such file'],
    ['report text.json --output page.html', 'text.json: is not JSON'],
    ['report other.json --output page.html', 'other.json: total_requests: is not what a results'],
    ['report none.json --output page.html', 'none.json: holds no results'],
    ['report a.json --svg ttft --output x.svg', 'did you mean ttft-cdf'],
    [
      'report a.json --svg queue-depth --output x.svg',
      '--svg: cannot be drawn: Made without a time',
    ],
    ['report a.json --svg ttft-cdf --title x --output x.svg', '--title: is the title of a page'],
    ['report --output page.html', 'RESULTS.json'],
  ])('refuses %s', async (words, message) => {
    await line(`${scenario} --output a.json`)
    writeFileSync(path.join(cwd, 'text.json'), 'results')
    writeFileSync(path.join(cwd, 'other.json'), '{"scenario":{}}')
    writeFileSync(path.join(cwd, 'none.json'), '[{"label":"a","error":"does not fit"}]')
    const before = read('a.json')
    const { code, stderr } = await line(words)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(readdirSync(cwd).sort()).toEqual(['a.json', 'none.json', 'other.json', 'text.json'])
    expect(read('a.json')).toBe(before)
  })

  it('reads files of a later version, with fields that it does not know', async () => {
    await line(`${scenario} --output a.json`)
    const results = JSON.parse(read('a.json'))
    results.later = { more: 1 }
    results.throughput.later = 2
    writeFileSync(path.join(cwd, 'later.json'), JSON.stringify(results))
    expect(await line('report later.json --output page.html')).toMatchObject({ code: 0 })
  })
})

describe('diff', () => {
  it('tells what changed, field by field and figure by figure', async () => {
    await line(`${scenario} --output a.json`)
    await line(`${scenario.replace('h100', 'mi300x')} --set name=other --output b.json`)
    const { code, stdout } = await line('diff a.json b.json')
    expect(code).toBe(0)
    expect(stdout).toMatch(/cluster\.xpu +h100-80gb +mi300x/)
    expect(stdout).toMatch(/name +- +other/)
    expect(stdout).toMatch(/first_token_latency\.p50 +[\d.]+ ms +[\d.]+ ms +[+-][\d.]+ %/)
    expect(stdout).toContain('One run a side is no test')
    for (const text of stdout.split('\n')) expect(text.length).toBeLessThanOrEqual(80)

    const json = JSON.parse((await line('diff a.json b.json --format json')).stdout)
    const [a, b] = ['a.json', 'b.json'].map(
      (name) => JSON.parse(read(name)).throughput.tokens_per_sec,
    )
    const tokens = json.figures.find(
      ({ path: at }: { path: string }) => at === 'throughput.tokens_per_sec',
    )
    expect(tokens).toEqual({
      path: 'throughput.tokens_per_sec',
      from: a,
      to: b,
      difference: b - a,
      relative: (b - a) / a,
    })
    expect(json).toMatchObject({ from: 'a.json', to: 'b.json', replications: null })
  })

  it('tests the difference where both have replications', async () => {
    await line(`${scenario} --replications 3 --output a.json`)
    await line(`${scenario.replace('rate 5', 'rate 9')} --replications 4 --output b.json`)
    const { stdout } = await line('diff a.json b.json')
    expect(stdout).toContain("Means of 3 and 4 seeds. * p < 0.05 by Welch's test")
    expect(stdout).toMatch(/throughput\.requests_per_sec .* (<0\.001|0\.0\d\d) \*/)
    for (const text of stdout.split('\n')) expect(text.length).toBeLessThanOrEqual(80)
  })

  it('finds a file the same as itself', async () => {
    await line(`${scenario} --output a.json`)
    const { stdout } = await line('diff a.json a.json')
    expect(stdout).toMatch(/^Scenario\nthe same\n\nFigures\nthe same\n/)
    expect((await line('diff a.json a.json --all')).stdout).toContain('pools.mixed.utilization')
  })

  it('refuses a list of results', async () => {
    writeFileSync(path.join(cwd, 'none.json'), '[]')
    const { code, stderr } = await line('diff none.json none.json')
    expect(code).toBe(2)
    expect(stderr).toContain('none.json: holds no results')
  })
})
