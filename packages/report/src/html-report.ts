import type { ResultsDocument } from '@llmsim/contracts'
import { countText, durationText, figureText } from '@llmsim/metrics'
import { chartGroups } from './charts/result-charts.js'
import { figureSection } from './figure-section.js'
import { latencyTables } from './latency-table.js'
import { groupTables, verdictNote } from './group-tables.js'
import { html, jsonMarkup, type Markup } from './markup.js'
import { chartGrid, page, type PageSection } from './page.js'
import { deploymentText, distinctLabels, type ReportedResult } from './reported-result.js'
import { scenarioSection } from './scenario-section.js'

export interface ReportOptions {
  /** In place of the name of the scenario, or of what it describes. */
  readonly title?: string
}

/**
 * One or several results as a page in a single file: it loads nothing and runs no script. Several are
 * compared, the first being what the others are measured against.
 *
 * The results themselves are on the page too, as JSON in the element `#results`.
 */
export function htmlReport(
  given: readonly [ReportedResult, ...ReportedResult[]],
  options: ReportOptions = {},
): string {
  const results = distinctLabels(given)
  const [first] = given
  const several = results.length > 1
  const { name } = first.results.scenario
  const title =
    options.title ??
    (several ? `${results.length} results compared` : (name ?? deploymentText(first.results)))
  const sections: PageSection[] = [
    {
      id: 'figures',
      title: 'Figures',
      content: html`${warnings(results)}${verdictNote(results)}${figureSection(results)}${groupTables(results)}`,
    },
    ...chartGroups(results).map(({ id, title: heading, intro, charts }): PageSection => ({
      id,
      title: heading,
      content: html`${intro !== '' && html`<p class="intro">${intro}</p>`}${chartGrid(charts)}${id === 'latency' && latencyTables(results)}`,
    })),
    { id: 'scenario', title: 'Scenario', content: scenarioSection(results) },
  ]
  return page({
    kicker: 'LLM serving, simulated',
    title,
    lede: several
      ? results
          .map(({ label, results: document }) => `${label}: ${deploymentText(document)}`)
          .join('. ')
      : `${name === undefined && options.title === undefined ? '' : `${deploymentText(first.results)}. `}${trafficText(first.results)}`,
    sections,
    footer: footer(results),
  })
}

/** What came in, in a sentence. */
function trafficText(results: ResultsDocument): string {
  const { workload } = results.scenario
  const source =
    workload?.trace !== undefined
      ? `replayed from ${workload.trace.replace(/^.*[/\\]/, '')}`
      : workload?.concurrency !== undefined
        ? `from ${countText(workload.concurrency)} concurrent users`
        : `at ${figureText(workload?.arrival_rate)} requests/s`
  const length = durationText(results.simulation_time)
  return `${countText(results.total_requests)} requests ${source}, ${length} simulated.`
}

function warnings(results: readonly ReportedResult[]): Markup | false {
  const several = results.length > 1
  const texts = results.flatMap(({ label, results: { warnings: own } }) =>
    own.map((text) => (several ? `${label}: ${text}` : text)),
  )
  if (texts.length === 0) return false
  return html`<div class="notes">
    <strong>Know before you read</strong>
    <ul>
      ${texts.map((text) => html`<li>${text}</li>`)}
    </ul>
  </div>`
}

function footer(results: readonly ReportedResult[]): Markup {
  const versions = results[0]?.results.versions ?? {}
  const data = results.map(({ label, results: document }) => ({ label, results: document }))
  return html`<p>
      Made by llmsim:
      ${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}.
      Seed ${results.map(({ results: { scenario } }) => scenario.random_seed ?? 0).join(', ')}. The
      results are on this page as JSON, in the element <code>#results</code>.
    </p>
    <script type="application/json" id="results">
      ${jsonMarkup(data)}
    </script>`
}
