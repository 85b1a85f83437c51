import { describe, expect, it } from 'vitest'
import { chartNames, svgChart } from './svg-chart.js'
import { exampleResults } from './testing/example-results.js'

const results = [{ label: 'a', results: exampleResults() }]

describe('svgChart', () => {
  it.each(chartNames(results))('draws %s', (name) => {
    const svg = svgChart(name, results)
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /)
    expect(svg).toMatch(/<title id="title">.+<\/title>\n<desc id="description">.+<\/desc>/)
    expect(svg).toContain('@media (prefers-color-scheme:dark)')
    expect(svg).not.toMatch(/NaN|undefined|Infinity|zr\d/)
    expect(svgChart(name, results)).toBe(svg)
  })

  it('names every chart once', () => {
    const names = chartNames(results)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('roofline')
  })

  it('escapes labels', () => {
    const two = ['</svg><script>', 'b&"'].map((label) => ({ label, results: exampleResults() }))
    const svg = svgChart('queue-depth', two)
    expect(svg).toContain('&lt;/svg&gt;&lt;script&gt;')
    expect(svg).not.toContain('<script')
    expect(svg.match(/<\/svg>/g)?.length).toBe(1)
  })

  it('refuses a name that is none, and a chart without data', () => {
    expect(() => svgChart('roofine', results, 640, '--svg')).toThrow(
      /--svg: unknown chart.*did you mean roofline/s,
    )
    const bare = exampleResults()
    delete bare.operators
    expect(() => svgChart('roofline', [{ label: 'a', results: bare }])).toThrow(
      /chart: cannot be drawn: Made without the operators/,
    )
  })
})
