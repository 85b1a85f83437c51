import type { ResultsDocument } from '@llmsim/contracts'
import { figureText, figureWithUnit, resultFigures } from '@llmsim/metrics'
import { html, type Markup } from './markup.js'
import type { ReportedResult } from './reported-result.js'

/** A figure of the results file as the report shows it. */
interface ShownFigure {
  readonly path: string
  readonly label: string
  /** What stands behind the number, where its unit does not. */
  readonly unit?: string
  /** Which way is better; absent: neither. */
  readonly better?: 'higher' | 'lower'
}

/** A card: a figure, and others that go with it. */
interface Card {
  readonly figure: ShownFigure
  readonly more: readonly ShownFigure[]
}

const latency = (field: string, label: string): Card => ({
  figure: { path: `${field}.p50`, label: `${label}, median`, better: 'lower' },
  more: [{ path: `${field}.p99`, label: 'p99', better: 'lower' }],
})

const cards: readonly Card[] = [
  {
    figure: {
      path: 'throughput.tokens_per_sec',
      label: 'Output throughput',
      unit: 'tokens/s',
      better: 'higher',
    },
    more: [
      { path: 'throughput.requests_per_sec', label: '', unit: 'requests/s', better: 'higher' },
    ],
  },
  latency('first_token_latency', 'TTFT'),
  latency('time_per_output_token', 'TPOT'),
  latency('inter_token_latency', 'ITL'),
  latency('end_to_end_latency', 'E2E latency'),
  latency('queue_time', 'Queue time'),
  {
    figure: { path: 'goodput.attainment', label: 'Within objectives', better: 'higher' },
    more: [{ path: 'goodput.requests_per_sec', label: '', unit: 'requests/s', better: 'higher' }],
  },
  {
    figure: { path: 'xpu_utilization', label: 'Device utilisation' },
    more: [
      { path: 'mfu', label: 'MFU' },
      { path: 'mbu', label: 'MBU' },
    ],
  },
  {
    figure: { path: 'kv_cache.mean_utilization', label: 'KV cache in use' },
    more: [{ path: 'kv_cache.prefix_hit_rate', label: 'prefix hits' }],
  },
  {
    figure: { path: 'failed_requests', label: 'Requests failed', better: 'lower' },
    more: [{ path: 'faults.availability', label: 'availability', better: 'higher' }],
  },
  {
    figure: {
      path: 'cost.usd_per_million_tokens',
      label: 'Cost per 1M tokens',
      better: 'lower',
    },
    more: [{ path: 'cost.usd_per_hour', label: '', unit: 'per hour', better: 'lower' }],
  },
  {
    figure: {
      path: 'energy.joules_per_output_token',
      label: 'Energy per token',
      unit: 'J',
      better: 'lower',
    },
    more: [{ path: 'energy.average_watts', label: '', unit: 'W on average', better: 'lower' }],
  },
  {
    figure: { path: 'completed_requests', label: 'Requests completed' },
    more: [{ path: 'total_requests', label: 'of', unit: 'arrived' }],
  },
  {
    figure: { path: 'preemptions', label: 'Preemptions', better: 'lower' },
    more: [],
  },
  {
    figure: { path: 'memory.peak_memory_gb', label: 'Peak device memory', unit: 'GiB' },
    more: [],
  },
]

/** The headline figures of one result as cards, of several as a table. */
export function figureSection(results: readonly ReportedResult[]): Markup {
  const [only] = results
  return results.length === 1 && only !== undefined
    ? cardList(only.results)
    : comparisonTable(results)
}

function cardList(results: ResultsDocument): Markup {
  const figures = resultFigures(results)
  const shown = cards.filter(({ figure }) => (figures.get(figure.path) ?? null) !== null)
  return html`${replicationNote([results])}
    <dl class="cards">
      ${shown.map(({ figure, more }) => {
        const known = more.filter(({ path }) => (figures.get(path) ?? null) !== null)
        return html`<div>
          <dt>${figure.label}</dt>
          <dd class="value">
            ${number(figure, figures)}${
              figure.unit !== undefined && html` <span class="unit">${figure.unit}</span>`
            }
          </dd>
          ${intervalText(results, figure.path) !== undefined && html`<dd class="more">${intervalText(results, figure.path)}</dd>`}${
            known.length > 0 &&
            html`<dd class="more">
              ${known.map(
                (each, index) =>
                  html`${index > 0 && ' · '}${each.label} ${number(each, figures)}
                  ${each.unit ?? ''}`,
              )}
            </dd>`
          }
        </div> `
      })}
    </dl>`
}

/** A figure that a script can read as well: its value in full, in the unit of the results file. */
function number({ path }: ShownFigure, figures: ReadonlyMap<string, number | null>): Markup {
  const value = figures.get(path) ?? null
  if (value === null) return html`-`
  return html`<data data-figure="${path}" value="${value}">${figureWithUnit(path, value)}</data>`
}

/** The mean over the replications, and how far it is known. */
function intervalText({ replications }: ResultsDocument, path: string): string | undefined {
  const { mean, half_width: half } = replications?.figures[path] ?? { mean: null, half_width: null }
  // Where seeds make no difference there is nothing to say.
  if (mean === null || half === null || half === 0) return undefined
  const brief = (value: number): string => figureWithUnit(path, Number(value.toPrecision(3)))
  return `mean ${brief(mean)} ± ${brief(half)}`
}

function replicationNote(all: readonly ResultsDocument[]): Markup {
  const [replications] = all.flatMap((results) => results.replications ?? [])
  if (replications === undefined) return html``
  return html`<p class="intro" style="margin-bottom:1.5rem">
    The figures are of the run with the first seed. “mean” is over ${replications.seeds.length}
    seeds, with its ${figureText(replications.confidence_level * 100)} % confidence interval.
  </p>`
}

function comparisonTable(results: readonly ReportedResult[]): Markup {
  const columns = results.map(({ label, results: document }) => ({
    label,
    document,
    figures: resultFigures(document),
  }))
  const rows = cards
    .flatMap(({ figure, more }) => [
      figure,
      ...more.map((each) => ({ ...each, label: moreLabel(figure, each) })),
    ])
    .filter(({ path }) => columns.some(({ figures }) => (figures.get(path) ?? null) !== null))
  return html`<p class="intro">Small figures: the change from the first result.</p>
    ${replicationNote(results.map(({ results: document }) => document))}
    <div
      class="scroll"
      style="max-height:none"
      role="region"
      aria-label="Figures side by side"
      tabindex="0"
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            ${columns.map(({ label }) => html`<th scope="col"><bdi>${label}</bdi></th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (figure) =>
              html`<tr>
                <th scope="row">
                  ${figure.label}${figure.unit !== undefined && html`<small>${figure.unit}</small>`}
                </th>
                ${columns.map(
                  ({ figures, document }, index) =>
                    html`<td>
                      ${number(figure, figures)}${
                        intervalText(document, figure.path) !== undefined &&
                        html`<small>${intervalText(document, figure.path)}</small>`
                      }${index > 0 && change(figure, columns[0]!.figures.get(figure.path), figures.get(figure.path))}
                    </td>`,
                )}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>`
}

function moreLabel(figure: ShownFigure, each: ShownFigure): string {
  if (each.label === 'p99') return figure.label.replace('median', 'p99')
  const labels: Readonly<Record<string, string>> = {
    'throughput.requests_per_sec': 'Request throughput',
    'goodput.requests_per_sec': 'Goodput',
    'cost.usd_per_hour': 'Rent of all devices',
    'energy.average_watts': 'Power',
    total_requests: 'Requests arrived',
    'kv_cache.prefix_hit_rate': 'Prefix hit rate',
    'faults.availability': 'Availability',
  }
  return labels[each.path] ?? each.label
}

function change(
  { better }: ShownFigure,
  from: number | null = null,
  to: number | null = null,
): Markup | false {
  if (from === null || to === null || from === 0) return false
  const relative = to / from - 1
  if (Math.abs(relative) < 0.0005) return html`<small>same</small>`
  const text = `${relative > 0 ? '+' : '−'}${(Math.abs(relative) * 100).toFixed(1)} %`
  const good = better === undefined ? undefined : (better === 'higher') === relative > 0
  const kind = good === undefined ? '' : good ? 'better' : 'worse'
  return html`<small class="${kind}">${text}${kind !== '' && ` ${kind}`}</small>`
}
