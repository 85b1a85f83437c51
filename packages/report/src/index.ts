export { categoryAxis, horizontalAxis, textWidth, verticalAxis } from './axis-style.js'
export * from './bar-chart.js'
export * from './chart.js'
export { htmlReport, type ReportOptions } from './html-report.js'
export * from './line-chart.js'
export { html, type Markup, type MarkupPart } from './markup.js'
export {
  chartFigure,
  chartGrid,
  dataTable,
  page,
  type PageOptions,
  type PageSection,
} from './page.js'
export { seriesColor, tones } from './palette.js'
export type { ReportedResult } from './reported-result.js'
export * from './svg-chart.js'
