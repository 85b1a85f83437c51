import type { Latency } from '@llmsim/contracts'
import { durationText } from '@llmsim/metrics'
import { html, type Markup } from './markup.js'
import type { ReportedResult } from './reported-result.js'

const rows = [
  ['First token (TTFT)', 'first_token_latency'],
  ['Per output token (TPOT)', 'time_per_output_token'],
  ['Between tokens (ITL)', 'inter_token_latency'],
  ['End to end (E2E)', 'end_to_end_latency'],
  ['In the queue', 'queue_time'],
] as const

const statistics = ['mean', 'std', 'min', 'p50', 'p90', 'p95', 'p99', 'p999', 'max'] as const

/** Every statistic of every latency, a table for each result. */
export function latencyTables(results: readonly ReportedResult[]): Markup {
  return html`<div class="tables">
    ${results.map(
      ({ label, results: document }) =>
        html`<div class="scroll" role="region" aria-label="Latencies of ${label}" tabindex="0">
          <table>
            <caption>
              ${results.length > 1 ? html`<bdi>${label}</bdi>` : 'Statistics'}
            </caption>
            <thead>
              <tr>
                <td></td>
                ${statistics.map((name) => html`<th scope="col">${name === 'p999' ? 'p99.9' : name}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${rows.map(([title, field]) => {
                const latency: Latency = document[field]
                return html`<tr>
                  <th scope="row">${title}</th>
                  ${statistics.map((name) => {
                    const value = latency[name] ?? null
                    return html`<td>
                      ${
                        value === null
                          ? '-'
                          : html`<data data-figure="${field}.${name}" value="${value}"
                              >${durationText(value)}</data
                            >`
                      }
                    </td>`
                  })}
                </tr> `
              })}
            </tbody>
          </table>
        </div>`,
    )}
  </div>`
}
