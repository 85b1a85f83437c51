import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts'
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelComponent,
} from 'echarts/components'
import { init, use } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { SVGRenderer } from 'echarts/renderers'
import { escaped, printable } from './markup.js'
import { darkDrawingRules, tones } from './palette.js'

/** An option of ECharts, without its declarations: those name what only a browser has. */
export type DrawingOption = Readonly<Record<string, unknown>>

/** Width and height of a drawing in pixels. */
export interface DrawingSize {
  readonly width: number
  readonly height: number
}

const fonts = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

/** Draws one option. No element is left behind, and the same option gives the same text. */
function drawn(option: DrawingOption, { width, height }: DrawingSize): string {
  use([
    BarChart,
    CustomChart,
    LineChart,
    ParallelChart,
    ScatterChart,
    GridComponent,
    LegendComponent,
    MarkAreaComponent,
    MarkLineComponent,
    ParallelComponent,
    LabelLayout,
    SVGRenderer,
  ])
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, backgroundColor: 'transparent', ...option })
    return printable(chart.renderToSVGString())
  } finally {
    chart.dispose()
  }
}

/** What stands between the tags of a drawing, without what differs from one call to the next. */
function content(svg: string, id: string): string {
  return svg
    .slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'))
    .replace(/<style\s*>[\s\S]*?<\/style>/g, '')
    .replace(/<rect [^>]*fill="none"><\/rect>/, '')
    .replace(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/ (?:pointer-events|xml:space|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/font-family:[^;"]*;/g, '')
    .replace(/zr\d+-(?=[a-z]+\d)/g, `${id}-`)
    .replace(/\n\s*/g, '')
}

/** A drawing inside of a page, which names it and turns it dark. `id` is unique on the page. */
export function inlineSvg(option: DrawingOption, size: DrawingSize, id: string): string {
  const { width, height } = size
  return `<svg viewBox="0 0 ${width} ${height}" aria-hidden="true" focusable="false">${content(drawn(option, size), id)}</svg>`
}

/** A drawing as a file: it brings its title, its description and its dark colours. */
export function svgFile(
  option: DrawingOption,
  size: DrawingSize,
  text: { readonly title: string; readonly description: string },
): string {
  const { width, height } = size
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(fonts)}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(text.title)}</title>`,
    `<desc id="description">${escaped(text.description)}</desc>`,
    `<style>@media (prefers-color-scheme:dark){${darkDrawingRules('')}}</style>`,
    `<rect width="${width}" height="${height}" fill="${tones.surface.light}"/>`,
    content(drawn(option, size), 'drawing'),
    '</svg>\n',
  ].join('\n')
}
