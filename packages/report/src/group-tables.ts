import type { ResultsDocument } from '@llmsim/contracts'
import { durationText, figureText, percentText } from '@llmsim/metrics'
import type { DataTable } from './chart.js'
import { html, type Markup } from './markup.js'
import { dataTable } from './page.js'
import type { ReportedResult } from './reported-result.js'

type Group = NonNullable<ResultsDocument['classes']>[number]
type Objective = NonNullable<ResultsDocument['objectives']>[number]

/** How the objectives were met, and what each class and each tenant got; nothing where there are none. */
export function groupTables(results: readonly ReportedResult[]): Markup {
  const tables = results.flatMap(({ label, results: document }) => {
    const title = (what: string): string => (results.length > 1 ? `${what}: ${label}` : what)
    const { objectives = [], classes = [], tenants = [] } = document
    return [
      ...(objectives.length > 0
        ? [[title('Objectives'), objectiveTable(objectives)] as const]
        : []),
      ...(classes.length > 0 ? [[title('Classes'), groupTable('Class', classes)] as const] : []),
      ...(tenants.length > 0 ? [[title('Tenants'), groupTable('Tenant', tenants)] as const] : []),
    ]
  })
  return html`${
    tables.length > 0 &&
    html`<div class="tables">
      ${tables.map(
        ([title, table]) =>
          html`<div>
            <h3>${title}</h3>
            ${dataTable(table, title)}
          </div>`,
      )}
    </div>`
  }`
}

function objectiveTable(objectives: readonly Objective[]): DataTable {
  return {
    columns: ['Objective', 'Limit', 'Reached', 'Met'],
    rows: objectives.map(({ metric, quantile, limit_s, value_s, attainment, met }) => [
      `${metric.toUpperCase()}${quantile === null ? '' : ` p${figureText(quantile * 100)}`}`,
      durationText(limit_s),
      attainment === null ? durationText(value_s) : `by ${attainmentText(attainment)} of requests`,
      met === null ? '-' : met ? 'yes' : 'no',
    ]),
  }
}

/** A share that is not all of them is not written as 100 %. */
function attainmentText(attainment: number): string {
  return attainment < 1 && attainment >= 0.9995 ? 'over 99.9 %' : percentText(attainment)
}

function groupTable(heading: string, groups: readonly Group[]): DataTable {
  return {
    columns: [
      ...[heading, 'Arrived', 'Completed', 'Output tokens/s', 'TTFT p50', 'TTFT p99'],
      ...['TPOT p50', 'E2E p50', 'E2E p99', 'Within objectives'],
    ],
    rows: groups.map((group) => [
      group.name,
      figureText(group.arrived_requests),
      figureText(group.completed_requests),
      figureText(group.throughput.tokens_per_sec),
      durationText(group.first_token_latency.p50),
      durationText(group.first_token_latency.p99),
      durationText(group.time_per_output_token.p50),
      durationText(group.end_to_end_latency.p50),
      durationText(group.end_to_end_latency.p99),
      percentText(group.goodput?.attainment),
    ]),
  }
}

/** Whether the deployment keeps up, and why that is said; nothing where it is not known. */
export function verdictNote(results: readonly ReportedResult[]): Markup {
  const known = results.flatMap(({ label, results: { verdict } }) =>
    verdict === undefined ? [] : [{ label, verdict }],
  )
  if (known.length === 0) return html``
  return html`<dl class="verdict">
    ${known.map(
      ({ label, verdict: { state, reason } }) =>
        html`<div>
          <dt>
            ${results.length > 1 && html`<bdi>${label}</bdi>: `}<strong class="${state}"
              >${capital(state)}:</strong
            >
          </dt>
          <dd>${reason}</dd>
        </div>`,
    )}
  </dl>`
}

function capital(text: string): string {
  return text.replace(/^./, (letter) => letter.toUpperCase())
}
