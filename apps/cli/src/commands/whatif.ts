import { SimulatorError } from '@llmsim/contracts'
import { evaluateAll, parseAxis, sensitivities, type Sensitivity } from '@llmsim/planner'
import type { Io } from '../io.js'
import { percent } from '../output/figures.js'
import { jsonText, packageVersions } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { answerFiles, writeAnswer } from '../planning/answer-file.js'
import { valueAt, studyFigure, type StudyFigure } from '../planning/study-figure.js'
import { loadStudyScenario } from '../planning/study-scenario.js'
import {
  inStudy,
  StudyStopped,
  type StudyOptions,
  type StudySession,
} from '../planning/study-session.js'
import { checkField, namedAxis } from '../planning/sweep-plan.js'
import { inputText } from '../planning/whatif-text.js'
import { givenInputs, usualInputs, type WhatifInput } from '../planning/whatif-inputs.js'
import type { RegistryOptions } from '../registries.js'
import { parseNumber, type PlainObject } from '../scenario/assignments.js'
import type { ScenarioOptions } from '../scenario/load-scenario.js'
import { withHorizon } from './capacity.js'
import { outputFormat } from './run.js'
import { withFile } from './sweep.js'

export interface WhatifOptions extends ScenarioOptions, RegistryOptions, StudyOptions {
  readonly figure?: string
  readonly by?: string
  readonly vary?: readonly string[]
  readonly output?: readonly string[]
  readonly format?: string
}

/** Says how much a figure depends on each input: what to improve first. */
export async function whatif(
  file: string | undefined,
  given: WhatifOptions,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const options = withFile(file, given)
  const format = outputFormat(options.format)
  const figure = studyFigure(options.figure ?? 'throughput', '--figure')
  const files = answerFiles(options.output, io)
  const share = shareOf(options.by)
  const axes = (options.vary ?? []).map((text) => namedAxis(parseAxis(text, '--vary')))
  for (const { field } of axes) checkField(field)
  const { scenario, folders } = loadStudyScenario(options, io.cwd)
  const base = withHorizon(scenario)
  const description = { command: 'whatif', scenario: base, figure: figure.path, share, axes }
  await inStudy(options, { io, folders, description, exit, label: 'runs' }, async (session) => {
    const resolved = session.study.resolve(base)
    const inputs =
      axes.length > 0
        ? givenInputs(base, resolved, axes)
        : usualInputs(base, resolved, session.study.registries, share)
    const { value, found } = await tornado(base, inputs, figure, session)
    session.progress.stop()
    const document = jsonText(whatifDocument(figure, value, found))
    await writeAnswer(files, {
      json: document,
      command: 'whatif',
      chart: async () =>
        (await import('../planning/tornado-chart.js')).tornadoChart(figure, value, found),
    })
    io.stdout(format === 'json' ? document : whatifText(figure, value, found))
    if (options.quiet !== true)
      for (const { target } of files) io.stderr(`results written to ${target.name}\n`)
  })
}

async function tornado(
  base: PlainObject,
  inputs: readonly WhatifInput[],
  figure: StudyFigure,
  { study, progress, interruption }: StudySession,
): Promise<{ value: number; found: Sensitivity<WhatifInput>[] }> {
  const scenarios = [base, ...inputs.flatMap(({ scenarios: ends }) => ends)]
  progress.expect(scenarios.length)
  const points = await evaluateAll(scenarios, study, {
    signal: interruption,
    onOutcome: () => progress.advance(),
  })
  if (interruption.aborted) throw new StudyStopped('stopped')
  const [own, ...others] = points.map(({ outcome }) =>
    outcome.result === undefined ? outcome.error : valueAt(outcome.result, figure.path),
  )
  if (typeof own !== 'number')
    throw new SimulatorError({
      code: 'CONFLICT',
      path: own === null || own === undefined ? '--figure' : own.path,
      message: own?.message ?? `${figure.path} has no value in the results`,
      accepted: 'a scenario whose results have the figure',
    })
  const at = (place: number): number | null => {
    const value = others[place]
    return typeof value === 'number' ? value : null
  }
  const found = await sensitivities(own, inputs, (input) => {
    const place = 2 * inputs.indexOf(input)
    return Promise.resolve([at(place), at(place + 1)] as const)
  })
  return { value: own, found }
}

function shareOf(text: string | undefined): number {
  const value = text === undefined ? 0.2 : parseNumber('--by', text, false)
  if (value > 0 && value < 1) return value
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--by',
    message: 'is out of range',
    given: value,
    accepted: 'a share above 0 and below 1, such as 0.2',
  })
}

function whatifDocument(
  figure: StudyFigure,
  value: number,
  found: readonly Sensitivity<WhatifInput>[],
): unknown {
  return {
    figure: figure.path,
    base: value,
    inputs: found.map(({ input, low, high, swing }) => ({
      field: input.field,
      ...(input.base === undefined ? {} : { base: input.base }),
      low: { input: input.low, figure: low },
      high: { input: input.high, figure: high },
      swing,
    })),
    versions: packageVersions(),
  }
}

function whatifText(
  figure: StudyFigure,
  value: number,
  found: readonly Sensitivity<WhatifInput>[],
): string {
  const table = textTable([
    ['input', 'low', 'high', figure.label, 'at high', 'swing'],
    ...found.map(({ input, low, high, swing }) => [
      input.label,
      inputText(input.low, input),
      inputText(input.high, input),
      low === null ? 'none' : figure.format(low),
      high === null ? 'none' : figure.format(high),
      value === 0 ? figure.format(swing) : percent(swing / Math.abs(value)),
    ]),
  ])
  return `${figure.label} is ${figure.format(value)}\n\n${table}\n`
}
