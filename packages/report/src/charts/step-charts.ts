import type { OperatorFigures, StepFigures } from '@llmsim/contracts'
import { durationText, figureText, percentText, prefixedText } from '@llmsim/metrics'
import { horizontalAxis, plane, verticalAxis } from '../axis-style.js'
import { barChart, barChartHeight, type BarPart } from '../bar-chart.js'
import type { MaybeChart } from '../chart.js'
import type { DrawingOption, DrawingSize } from '../drawing.js'
import { seriesColor, tones } from '../palette.js'
import type { ReportedResult } from '../reported-result.js'
import { durationScale } from '../scale.js'

interface NamedStep {
  readonly label: string
  readonly color: number
  readonly step: StepFigures
}

function stepsOf(results: readonly ReportedResult[]): NamedStep[] {
  return results.flatMap(({ label, results: { operators = [] } }, color) =>
    operators.map((step) => ({
      label: results.length > 1 ? `${label}: ${step.phase}` : step.phase,
      color,
      step,
    })),
  )
}

const missing = 'Made without the operators of its steps.'

/** FLOP per byte, and FLOP/s, of one device. */
function position({ operators, seconds }: StepFigures): { intensity: number; rate: number } {
  const flop = operators.reduce((sum, operator) => sum + operator.flop, 0)
  const bytes = operators.reduce((sum, operator) => sum + operator.bytes, 0)
  return { intensity: flop / bytes, rate: flop / seconds }
}

/**
 * Where the mean prefill and decode steps lie below the roofline of their device (Williams, Waterman and
 * Patterson, Communications of the ACM 52, 2009).
 */
export function rooflineChart(results: readonly ReportedResult[]): MaybeChart {
  const name = 'roofline'
  const title = 'Roofline'
  const steps = stepsOf(results)
    .map((named) => ({ ...named, ...position(named.step) }))
    .filter(({ intensity, rate }) => intensity > 0 && Number.isFinite(intensity) && rate > 0)
  if (steps.length === 0) return { name, title, missing }
  const roofs = new Map(steps.map(({ step }) => [JSON.stringify(step.device), step.device]))
  return {
    name,
    title,
    description:
      `The mean steps of the run below the roof of their device: the slope is its memory bandwidth, the flat part its dense peak. ${steps
        .map(
          ({ label, intensity, rate, step }) =>
            `${label} reaches ${reachText(intensity, rate, step)}`,
        )
        .join('; ')}.`.replace(/(?<=\. )./, (letter) => letter.toUpperCase()),
    table: {
      columns: ['Step', 'FLOP per byte', 'FLOP/s', 'of the peak', 'Bytes/s', 'of the bandwidth'],
      rows: steps.map(({ label, intensity, rate, step: { device } }) => [
        label,
        figureText(intensity),
        prefixedText(rate, 'FLOP/s'),
        percentText(rate / device.peak_flop_per_sec),
        prefixedText(rate / intensity, 'B/s'),
        percentText(rate / intensity / device.memory_bytes_per_sec),
      ]),
    },
    height: (width) => Math.round(Math.min(320, width * 0.75)),
    option: (size) => rooflineOption(steps, [...roofs.values()], size),
  }
}

type PlacedStep = NamedStep & { readonly intensity: number; readonly rate: number }

function rooflineOption(
  steps: readonly PlacedStep[],
  roofs: readonly StepFigures['device'][],
  { width }: DrawingSize,
): DrawingOption {
  const ridges = roofs.map((roof) => roof.peak_flop_per_sec / roof.memory_bytes_per_sec)
  const left = decade(
    Math.min(...steps.map(({ intensity }) => intensity), ...ridges) / 1.5,
    'floor',
  )
  const right = decade(Math.max(...steps.map(({ intensity }) => intensity), ...ridges) * 2, 'ceil')
  const top = decade(Math.max(...roofs.map((roof) => roof.peak_flop_per_sec)), 'ceil')
  const bottom = decade(
    Math.min(
      ...steps.map(({ rate }) => rate),
      ...roofs.map((roof) => roof.memory_bytes_per_sec * left),
    ),
    'floor',
  )
  const still = { silent: true, emphasis: { disabled: true } }
  return {
    grid: plane({ top: 34, right: 18 }),
    xAxis: horizontalAxis({
      name: 'FLOP per byte of device memory',
      log: true,
      min: left,
      max: right,
    }),
    yAxis: verticalAxis({
      name: 'FLOP/s of one device',
      log: true,
      min: bottom,
      max: top,
      written: (value) => prefixedText(value, ''),
    }),
    series: [
      ...roofs.map((roof, index) => ({
        ...still,
        type: 'line',
        showSymbol: false,
        lineStyle: { color: tones.axis.light, width: 2 },
        data: [
          [left, roof.memory_bytes_per_sec * left],
          [ridges[index]!, roof.peak_flop_per_sec],
          [right, roof.peak_flop_per_sec],
        ],
        endLabel: {
          show: true,
          formatter: () => `${roof.name} ${prefixedText(roof.peak_flop_per_sec, 'FLOP/s')}`,
          color: tones.muted.light,
          fontSize: 11,
          align: 'right',
          offset: [-8, -10],
        },
      })),
      {
        ...still,
        type: 'scatter',
        labelLayout: { moveOverlap: 'shiftY' },
        data: steps.map(({ label, color, intensity, rate, step }) => ({
          value: [intensity, rate],
          symbol: step.phase === 'prefill' ? 'circle' : 'diamond',
          symbolSize: step.phase === 'prefill' ? 12 : 14,
          itemStyle: {
            opacity: 1,
            color: seriesColor(color),
            borderColor: tones.surface.light,
            borderWidth: 1.5,
          },
          label: {
            show: true,
            formatter: () =>
              width < 450 ? label : `${label}: ${reachText(intensity, rate, step)}`,
            position:
              Math.log(intensity / left) / Math.log(right / left) > 0.6 ? 'bottom' : 'right',
            distance: 8,
            color: tones.text.light,
            fontSize: 12,
          },
        })),
      },
    ],
  }
}

/** How near a step comes to what limits it, on its side of the ridge. */
function reachText(intensity: number, rate: number, { device }: StepFigures): string {
  const { peak_flop_per_sec: peak, memory_bytes_per_sec: bandwidth } = device
  return intensity * bandwidth < peak
    ? `${percentText(rate / intensity / bandwidth)} of the bandwidth`
    : `${percentText(rate / peak)} of the peak`
}

/** The power of ten at or beyond a value. */
function decade(value: number, way: 'floor' | 'ceil'): number {
  return 10 ** Math[way](Math.log10(value))
}

/** What the time of the mean steps goes to. */
export function operatorCharts(results: readonly ReportedResult[]): MaybeChart[] {
  return [
    operatorChart('prefill', 'Prefill step by operator', results),
    operatorChart('decode', 'Decode step by operator', results),
  ]
}

function operatorChart(
  phase: StepFigures['phase'],
  title: string,
  results: readonly ReportedResult[],
): MaybeChart {
  const name = `${phase}-operators`
  const steps = stepsOf(results)
  if (steps.length === 0) return { name, title, missing }
  const own = steps.filter(({ step }) => step.phase === phase)
  if (own.length === 0) return { name, title, missing: 'No such step ran.' }
  const { unit, factor } = durationScale(Math.max(...own.map(({ step }) => step.seconds)))
  const most = (operator: string): number =>
    Math.max(...own.map(({ step }) => operatorOf(step, operator)?.seconds ?? 0))
  const bars = [...new Set(own.flatMap(({ step }) => step.operators.map((one) => one.name)))]
    .filter((operator) => most(operator) > 0)
    .toSorted((a, b) => most(b) - most(a))
  const parts = own.map(({ label, color, step }): BarPart => ({
    label: label.replace(/: \w+$/, ''),
    color: results.length > 1 ? color : phase === 'prefill' ? 0 : 1,
    values: bars.map((operator) => (operatorOf(step, operator)?.seconds ?? 0) * factor),
  }))
  const grouped = own.length > 1
  return {
    name,
    title,
    description: own
      .map(
        ({ step }, index) => `${grouped ? `${parts[index]!.label}: the` : 'The'} ${stepText(step)}`,
      )
      .join(' '),
    table: {
      columns: [
        ...['Operator', ...(grouped ? ['Result'] : [])],
        ...['Time', 'Share', 'FLOP', 'Memory', 'Sent', 'Bound by'],
      ],
      rows: bars.flatMap((operator) =>
        own.map(({ step }, index) => {
          const figures = operatorOf(step, operator)
          return [
            ...[operator, ...(grouped ? [parts[index]!.label] : [])],
            durationText(figures?.seconds ?? 0),
            percentText((figures?.seconds ?? 0) / step.seconds),
            prefixedText(figures?.flop ?? 0, ''),
            prefixedText(figures?.bytes ?? 0, 'B'),
            prefixedText(figures?.sent_bytes ?? 0, 'B'),
            figures?.bound ?? '-',
          ]
        }),
      ),
    },
    height: (width) => barChartHeight({ bars, parts, grouped }, width),
    option: (size) =>
      barChart(
        {
          bars,
          parts,
          grouped,
          x: { name: `${unit} in the mean step` },
          written: (value) => durationText(Number((value / factor).toPrecision(3))),
        },
        size,
      ),
  }
}

function operatorOf({ operators }: StepFigures, name: string): OperatorFigures | undefined {
  return operators.find((operator) => operator.name === name)
}

function stepText(step: StepFigures): string {
  const parts = [
    ...(step.prefill_tokens > 0
      ? [`${figureText(Math.round(step.prefill_tokens))} prompt tokens`]
      : []),
    ...(step.decodes > 0
      ? [
          `${figureText(Math.round(step.decodes * 10) / 10)} sequences that decode with a context of ${figureText(Math.round(step.context_tokens))} tokens`,
        ]
      : []),
  ]
  return `mean of ${figureText(step.steps)} steps: ${parts.join(' and ')} in ${durationText(step.seconds)}.`
}
