import { SimulatorError } from '@llmsim/contracts'
import type { Chart } from '@llmsim/report'
import type { Io } from '../io.js'
import { fileTarget, writeWhole, type FileTarget } from '../output/write-file.js'

/** A file for an answer: its JSON, its chart, or a page with the chart. */
export interface AnswerFile {
  readonly target: FileTarget
  readonly kind: 'json' | 'svg' | 'html'
}

/** Files that `--output` names, checked before anything runs. Throws `SimulatorError` at the flag. */
export function answerFiles(names: readonly string[] | undefined, io: Io): AnswerFile[] {
  return (names ?? []).map((name) => {
    const kind = (['json', 'svg', 'html'] as const).find((ending) =>
      name.toLowerCase().endsWith(`.${ending}`),
    )
    if (kind === undefined)
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: '--output',
        message: 'has an ending that says nothing',
        given: name,
        accepted: '.json, .svg, .html',
      })
    return { target: fileTarget(name, io.cwd), kind }
  })
}

/** What is written: the chart is drawn only where a file asks for it. */
export interface Answer {
  readonly json: string
  readonly command: string
  readonly chart: () => Promise<Chart>
}

/** Writes an answer to its files. */
export async function writeAnswer(files: readonly AnswerFile[], answer: Answer): Promise<void> {
  for (const { target, kind } of files) {
    if (kind === 'json') {
      writeWhole(target, answer.json)
      continue
    }
    const { chartGrid, chartSvg, html, page } = await import('@llmsim/report')
    const chart = await answer.chart()
    const text =
      kind === 'svg'
        ? chartSvg(chart)
        : page({
            kicker: `llmsim ${answer.command}`,
            title: chart.title,
            lede: chart.description,
            sections: [{ id: chart.name, title: 'Chart', content: chartGrid([chart]) }],
            footer: html`<p>Written by llmsim ${answer.command}.</p>`,
          })
    writeWhole(target, text)
  }
}
