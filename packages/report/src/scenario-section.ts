import { html, type Markup } from './markup.js'
import type { ReportedResult } from './reported-result.js'
import { scenarioFields } from '@llmsim/metrics'

/** The scenario field by field; of several results what differs first. */
export function scenarioSection(results: readonly ReportedResult[]): Markup {
  const columns = results.map(({ label, results: { scenario } }) => ({
    label,
    fields: scenarioFields(scenario),
  }))
  const paths = [...new Set(columns.flatMap(({ fields }) => [...fields.keys()]))]
  if (results.length === 1) return table(paths, columns, 'Fields of the scenario')
  const differing = paths.filter(
    (path) => new Set(columns.map(({ fields }) => fields.get(path))).size > 1,
  )
  return html`${
      differing.length === 0
        ? html`<p class="intro">All results are of the same scenario.</p>`
        : html`<p class="intro">The fields that differ.</p>
            ${table(differing, columns, 'Fields that differ')}`
    }
    <details>
      <summary>All fields</summary>
      ${table(paths, columns, 'All fields')}
    </details>`
}

interface Column {
  readonly label: string
  readonly fields: ReadonlyMap<string, string>
}

function table(paths: readonly string[], columns: readonly Column[], name: string): Markup {
  return html`<div
    class="scroll"
    style="max-height:none"
    role="region"
    aria-label="${name}"
    tabindex="0"
  >
    <table class="text">
      <thead>
        <tr>
          <th scope="col">Field</th>
          ${columns.map(({ label }) => html`<th scope="col">${columns.length > 1 ? html`<bdi>${label}</bdi>` : 'Value'}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${paths.map(
          (path) =>
            html`<tr>
              <th scope="row"><code>${path}</code></th>
              ${columns.map(({ fields }) => html`<td><bdi>${fields.get(path) ?? '-'}</bdi></td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}
