import { ResultsDocument } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { htmlReport } from './html-report.js'
import { exampleResults } from './testing/example-results.js'

const one = (changes: Partial<ResultsDocument> = {}): string =>
  htmlReport([{ label: 'a', results: exampleResults(changes) }])

/** The figures of a page by their path, as a script reads them. */
function figuresOf(page: string): Map<string, number> {
  return new Map(
    [...page.matchAll(/<data data-figure="([^"]+)" value="([^"]+)">/g)].map(
      ([, path = '', value = '']) => [path, Number(value)],
    ),
  )
}

function dataOf(page: string): unknown {
  const [, json = ''] = /<script type="application\/json" id="results">([^<]*)<\/script>/.exec(
    page,
  )!
  return JSON.parse(json)
}

describe('htmlReport', () => {
  it('is made of an example that is a results file', () => {
    ResultsDocument.parse(exampleResults())
  })

  it('shows figures with their values in full, and the results as JSON', () => {
    const results = exampleResults()
    const page = one()
    const figures = figuresOf(page)
    expect(figures.get('throughput.tokens_per_sec')).toBe(1004.5)
    expect(figures.get('first_token_latency.p99')).toBe(results.first_token_latency.p99)
    expect(figures.get('goodput.attainment')).toBe(0.88)
    expect(page).toContain('>88.0 %</data>')
    expect(page).toContain('<h1><bdi>an example</bdi></h1>')
    expect(page).toContain('model-70b on 8 × device-80gb (2 replicas)')
    expect(dataOf(page)).toEqual([{ label: 'a', results }])
  })

  it('is the same text for the same results', () => {
    expect(one()).toBe(one())
  })

  it('draws every chart, each with its description and its data', () => {
    const page = one()
    expect(page).not.toContain('Not shown')
    const figures = page.match(/<figure /g) ?? []
    expect(figures.length).toBe(20)
    expect(page.match(/<figcaption>/g)?.length).toBe(figures.length)
    expect(page.match(/<details>/g)?.length).toBe(figures.length)
    expect(page).toMatch(
      /<strong class="stable"\s*>Stable:<\/strong\s*>[^]*?The queue empties again/,
    )
    expect(page).toContain('<th scope="row">TTFT p99</th>')
    expect(page).toContain('<th scope="row">chat</th>')
    expect(page).toContain('Waiting at most 12, at 75 s.')
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/)
  })

  it('says what is not shown, and why', () => {
    const bare = exampleResults()
    delete bare.time_series
    delete bare.operators
    delete bare.memory_breakdown
    delete bare.distributions
    const page = htmlReport([{ label: 'a', results: bare }])
    expect(page).toMatch(
      /Not shown: TTFT over time, [^<]*<\/dt>\s*<dd>Made without a time series\./,
    )
    expect(page).toMatch(
      /Not shown: Device memory\.<\/dt>\s*<dd>Made without a breakdown of the memory\./,
    )
    // The quantiles of the figures are enough for a distribution.
    expect(page).toContain('id="chart-ttft-cdf"')
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/)
  })

  it('shows a run in which nothing was measured', () => {
    const nothing = Object.fromEntries(
      ['mean', 'std', 'min', 'p50', 'p90', 'p95', 'p99', 'max'].map((name) => [name, null]),
    ) as ResultsDocument['queue_time']
    const page = one({
      completed_requests: 0,
      first_token_latency: nothing,
      end_to_end_latency: nothing,
      time_per_output_token: nothing,
      inter_token_latency: nothing,
      queue_time: nothing,
      goodput: null,
      cost: null,
      distributions: {
        quantiles: [0, 1],
        first_token_latency: null,
        end_to_end_latency: null,
        time_per_output_token: null,
        inter_token_latency: null,
        queue_time: null,
      },
    })
    expect(page).toContain('No request was measured.')
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/)
  })

  it('compares several with the first', () => {
    const faster = exampleResults()
    const page = htmlReport([
      { label: 'slow', results: exampleResults() },
      {
        label: 'fast',
        results: {
          ...faster,
          throughput: { ...faster.throughput, tokens_per_sec: 2009 },
          first_token_latency: { ...faster.first_token_latency, p50: 0.06 },
          scenario: { ...faster.scenario, cluster: { xpu: 'other-device' } },
        },
      },
      { label: 'fast', results: exampleResults() },
    ])
    expect(page).toContain('<h1><bdi>3 results compared</bdi></h1>')
    expect(page).toContain('<small class="better">+100.0 % better</small>')
    expect(page).toContain('<small class="better">−50.0 % better</small>')
    expect(page).toContain('fast (2)')
    expect(page).toContain('The fields that differ.')
    expect(page).toContain('<code>cluster.xpu</code>')
  })

  it('gives the intervals of replications', () => {
    const page = one({
      replications: {
        seeds: [0, 1, 2],
        confidence_level: 0.95,
        figures: {
          'throughput.tokens_per_sec': { count: 3, mean: 1000, std: 4, half_width: 9.9 },
        },
      },
    })
    expect(page).toContain('mean 1,000 ± 9.9')
    expect(page).toMatch(/over\s+3\s+seeds/)
  })

  it('fetches nothing and runs nothing', () => {
    const page = one()
    expect(page).toContain('default-src &#39;none&#39;')
    expect(page).not.toMatch(/<script(?! type="application\/json")|<link|<img|@import|url\((?!#)/)
    expect(page).not.toMatch(/\son\w+=|javascript:/)
    expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:\/\//)
  })
})

describe('names from files', () => {
  const markup = `</script></title></style><script>alert(1)</script><img src=x onerror="alert(2)">'"{{}}&amp;\u0000`

  it('are text wherever they stand', () => {
    const results = exampleResults()
    const hostile: ResultsDocument = {
      ...results,
      warnings: [markup],
      verdict: { state: 'overloaded', reason: markup },
      classes: results.classes!.map((each) => ({ ...each, name: markup })),
      tenants: results.classes!.map((each) => ({ ...each, name: markup })),
      versions: { [markup]: markup },
      pools: results.pools.map((pool) => ({ ...pool, name: markup })),
      time_series: {
        ...results.time_series!,
        pools: results.time_series!.pools.map((pool) => ({ ...pool, name: markup })),
      },
      operators: results.operators!.map((step) => ({
        ...step,
        pool: markup,
        device: { ...step.device, name: markup },
        operators: step.operators.map((operator) => ({ ...operator, name: markup })),
      })),
      memory_breakdown: results.memory_breakdown!.map((memory) => ({
        ...memory,
        pool: markup,
        parts: memory.parts.map((part) => ({ ...part, name: markup })),
      })),
      replications: {
        seeds: [1, 2],
        confidence_level: 0.95,
        figures: { [markup]: { count: 2, mean: 1, std: 1, half_width: 1 } },
      },
      scenario: {
        name: markup,
        model: { [markup]: markup, name: markup },
        workload: { trace: markup },
        cluster: { xpu: markup },
        scheduler: { options: { [markup]: markup } },
      },
    }
    const pages = [
      htmlReport([{ label: markup, results: hostile }]),
      htmlReport([
        { label: markup, results: hostile },
        { label: 'plain', results },
      ]),
      htmlReport([{ label: 'a', results: hostile }], { title: markup }),
    ]
    for (const page of pages) {
      // The only scripts, styles and images are the page's own.
      expect(page.match(/<script/g)?.length).toBe(1)
      expect(page.match(/<\/script/g)?.length).toBe(1)
      expect(page.match(/<style/g)?.length).toBe(1)
      expect(page.match(/<title/g)?.length).toBe(1)
      expect(page).not.toMatch(/<img|<!--/)
      expect(page).not.toContain('\u0000')
      // No tag has a handler: quoted values are taken out, which hold the texts.
      const tags = page.match(/<[a-z][^>]*>/g) ?? []
      for (const tag of tags) expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\son[a-z]+\s*=/)
      expect(dataOf(page)).toMatchObject(
        [{ results: { warnings: [markup] } }, {}].slice(0, (dataOf(page) as unknown[]).length),
      )
    }
  })
})
