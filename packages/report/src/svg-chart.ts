import { SimulatorError, nearNames } from '@llmsim/contracts'
import { isChart, type Chart } from './chart.js'
import { chartGroups } from './charts/result-charts.js'
import { svgFile, type DrawingSize } from './drawing.js'
import { distinctLabels, type ReportedResult } from './reported-result.js'

/** Names of the charts that `svgChart` draws of these results. */
export function chartNames(results: readonly ReportedResult[]): string[] {
  return charts(results).map(({ name }) => name)
}

function charts(results: readonly ReportedResult[]): ReturnType<typeof chartGroups>[0]['charts'] {
  return chartGroups(distinctLabels(results)).flatMap((group) => group.charts)
}

/**
 * One chart of the report as an SVG file, readable on light and on dark ground.
 *
 * Throws `SimulatorError` at `path`: `UNKNOWN_NAME`, or `CONFLICT` where the results lack what it shows.
 *
 * @param path what names the chart, for errors.
 */
export function svgChart(
  name: string,
  results: readonly ReportedResult[],
  width = 640,
  path = 'chart',
): string {
  const all = charts(results)
  const chart = all.find((one) => one.name === name)
  if (chart === undefined) {
    const names = all.map((one) => one.name)
    throw new SimulatorError({
      code: 'UNKNOWN_NAME',
      path,
      message: 'unknown chart',
      given: name,
      accepted: names.join(', '),
      nearest: nearNames(name, names),
    })
  }
  if (!isChart(chart))
    throw new SimulatorError({
      code: 'CONFLICT',
      path,
      message: `cannot be drawn: ${chart.missing}`,
      given: name,
      accepted: 'results that have what the chart shows',
    })
  return chartSvg(chart, width)
}

/** A chart as an SVG file. */
export function chartSvg(chart: Chart, width = 640): string {
  const size: DrawingSize = { width, height: chart.height(width) }
  return svgFile(chart.option(size), size, chart)
}
