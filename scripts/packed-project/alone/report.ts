import assert from 'node:assert/strict'
import { chartSvg, html, lineChart, page } from '@llmsim/report'

const svg = chartSvg({
  name: 'line',
  title: 'A line',
  description: 'It rises.',
  table: { columns: ['x', 'y'], rows: [['0', '1']] },
  height: () => 200,
  option: (size) =>
    lineChart(
      {
        lines: [
          {
            label: 'y',
            color: 0,
            points: [
              [0, 1],
              [1, 2],
            ],
          },
        ],
        x: { name: 'x' },
        y: { name: 'y' },
      },
      size,
    ),
})
assert.match(svg, /^<svg .*<title id="title">A line<\/title>/s)
const text = page({
  kicker: 'k',
  title: '<b>',
  lede: '',
  sections: [{ id: 'a', title: 'A', content: html`<p>text</p>` }],
  footer: '',
})
assert.ok(text.includes('&lt;b&gt;'))
console.log('works')
