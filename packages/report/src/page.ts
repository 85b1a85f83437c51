import { isChart, type Chart, type DataTable, type MaybeChart } from './chart.js'
import { inlineSvg } from './drawing.js'
import { html, Markup, type MarkupPart } from './markup.js'
import { pageStyle } from './page-style.js'

/** A part of a page with a heading, which the navigation leads to. */
export interface PageSection {
  /** Unique on the page: letters, digits and hyphens. */
  readonly id: string
  readonly title: string
  readonly content: MarkupPart
}

export interface PageOptions {
  readonly kicker: string
  readonly title: string
  readonly lede: string
  readonly sections: readonly PageSection[]
  readonly footer: MarkupPart
}

/** Nothing on a page is fetched, and no script runs. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

/** A whole page in one file. */
export function page({ kicker, title, lede, sections, footer }: PageOptions): string {
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${Markup.trusted(pageStyle)}
        </style>
      </head>
      <body>
        <a class="skip" href="#${sections[0]?.id ?? 'main'}">Skip to the figures</a>
        <header>
          <p class="kicker">${kicker}</p>
          <h1><bdi>${title}</bdi></h1>
          <p class="lede"><bdi>${lede}</bdi></p>
          <nav aria-label="Sections">
            <ul>
              ${sections.map(
                (section) => html`<li><a href="#${section.id}">${section.title}</a></li>`,
              )}
            </ul>
          </nav>
        </header>
        <main id="main">
          ${sections.map(
            (section) =>
              html`<section id="${section.id}" aria-labelledby="${section.id}-title">
                <h2 id="${section.id}-title">${section.title}</h2>
                ${section.content}
              </section> `,
          )}
        </main>
        <footer>${footer}</footer>
      </body>
    </html> `.text
  }`
}

const wide = 600
const narrow = 340

/** Charts side by side, and why those that are missing are. */
export function chartGrid(charts: readonly MaybeChart[]): Markup {
  const drawn = charts.filter(isChart)
  const reasons = new Map<string, string[]>()
  for (const chart of charts)
    if (!isChart(chart))
      reasons.set(chart.missing, [...(reasons.get(chart.missing) ?? []), chart.title])
  return html`${drawn.length > 0 && html`<div class="charts">${drawn.map(chartFigure)}</div>`}
  ${[...reasons].map(
    ([reason, titles]) =>
      html`<dl class="missing">
        <dt>Not shown: ${titles.join(', ')}.</dt>
        <dd>${reason}</dd>
      </dl>`,
  )}`
}

/** A chart with its caption, its description and its data. */
export function chartFigure(chart: Chart): Markup {
  const id = `chart-${chart.name}`
  const drawing = (width: number, kind: string): Markup =>
    Markup.trusted(
      `<div class="${kind}">${inlineSvg(
        chart.option({ width, height: chart.height(width) }),
        { width, height: chart.height(width) },
        `${id}-${kind}`,
      )}</div>`,
    )
  return html`<figure id="${id}" aria-labelledby="${id}-title" aria-describedby="${id}-text">
    <figcaption>
      <h3 id="${id}-title">${chart.title}</h3>
      <p id="${id}-text">${chart.description}</p>
    </figcaption>
    <div class="plot" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-text">
      ${drawing(wide, 'wide')}${drawing(narrow, 'narrow')}
    </div>
    <details>
      <summary>Data<span class="hidden"> of ${chart.title}</span></summary>
      ${dataTable(chart.table, `Data of ${chart.title}`)}
    </details>
  </figure> `
}

/** A table that scrolls within itself where it is too wide. */
export function dataTable({ columns, rows, note }: DataTable, name: string): Markup {
  return html`${note !== undefined && html`<p class="intro">${note}</p>`}
    <div class="scroll" role="region" aria-label="${name}" tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map((column) =>
              column === '' ? html`<td></td>` : html`<th scope="col">${column}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([first = '', ...others]) =>
              html`<tr>
                <th scope="row">${first}</th>
                ${others.map((cell) => html`<td>${cell}</td>`)}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>`
}
