import { figureText } from '@llmsim/metrics'
import { tones } from './palette.js'

const labelStyle = { color: tones.muted.light, fontSize: 12 }

/** What both axes of a plane have in common. */
export interface AxisOptions {
  /** Unit or quantity, as it is printed beside the axis. */
  readonly name: string
  readonly log?: boolean
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly ticks?: number
  /** From one tick to the next. */
  readonly step?: number
  /** Whether the axis ends at a number worth a label; true when absent. */
  readonly roundEnd?: boolean
  readonly written?: (value: number) => string
}

function axis({
  log = false,
  min,
  max,
  ticks,
  step,
  roundEnd = true,
  written = figureText,
}: AxisOptions): object {
  return {
    type: log ? 'log' : 'value',
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(ticks === undefined ? {} : { splitNumber: ticks }),
    ...(step === undefined ? {} : { interval: step }),
    axisLabel: {
      ...labelStyle,
      formatter: written,
      hideOverlap: true,
      ...(roundEnd ? {} : { showMaxLabel: false, ...(log ? { showMinLabel: false } : {}) }),
    },
    axisTick: { show: false },
    minorTick: { show: false },
    minorSplitLine: { show: false },
  }
}

/** A horizontal axis: its name stands below its middle. */
export function horizontalAxis(options: AxisOptions): object {
  return {
    ...axis(options),
    name: options.name,
    nameLocation: 'middle',
    nameGap: 26,
    nameTextStyle: labelStyle,
    axisLine: { show: true, onZero: false, lineStyle: { color: tones.axis.light } },
    splitLine: { show: options.log === true, lineStyle: { color: tones.grid.light } },
  }
}

/** A vertical axis: its name stands above it, and reads from left to right. */
export function verticalAxis(options: AxisOptions): object {
  return {
    ...axis(options),
    name: options.name,
    nameLocation: 'end',
    nameGap: 10,
    nameTextStyle: { ...labelStyle, align: 'left' },
    axisLine: { show: false },
    splitLine: { show: true, lineStyle: { color: tones.grid.light } },
  }
}

/** An axis of names, the first on top. */
export function categoryAxis(names: readonly string[]): object {
  return {
    type: 'category',
    data: names,
    inverse: true,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { ...labelStyle, color: tones.text.light, interval: 0 },
  }
}

/** Where the plane of a chart is: its labels stay inside of the drawing. */
export function plane(
  room: { readonly top?: number; readonly right?: number; readonly bottom?: number } = {},
): object {
  return {
    left: 8,
    right: room.right ?? 14,
    top: room.top ?? 30,
    bottom: room.bottom ?? 8,
    outerBoundsMode: 'same',
    outerBoundsContain: 'all',
  }
}

export interface LegendEntry {
  readonly name: string
  readonly color: string
  readonly dash?: 'solid' | readonly number[]
  /** A filled box in place of a line. */
  readonly filled?: boolean
}

/** Pixels of a text of 12: more than most fonts need, since which one a reader has is not known. */
export function textWidth(text: string): number {
  return Math.ceil(Array.from(text).length * 7.3)
}

/** Height of a legend of these entries, and the options that draw it at the top left. */
export function legend(
  entries: readonly LegendEntry[],
  width: number,
): { readonly height: number; readonly option: readonly object[] } {
  const row = 20
  let left = 0
  let top = 0
  const option = entries.map((entry) => {
    const name = shortened(entry.name, Math.floor((width - 40) / 7.3))
    const wide = textWidth(name) + 40
    if (left > 0 && left + wide > width) {
      left = 0
      top += row
    }
    const placed = legendEntry(entry, name, left, top)
    left += wide
    return placed
  })
  return { height: top + row, option }
}

/** Each entry is a legend of its own: no font makes one run into the next. */
function legendEntry(
  { name, color, dash = 'solid', filled = false }: LegendEntry,
  text: string,
  left: number,
  top: number,
): object {
  return {
    left,
    top,
    padding: [2, 2],
    itemWidth: filled ? 12 : 20,
    itemHeight: 10,
    selectedMode: false,
    textStyle: { color: tones.text.light, fontSize: 12 },
    formatter: () => text,
    data: [
      filled
        ? { name, icon: 'rect', itemStyle: { color } }
        : { name, lineStyle: { color, type: dash, width: 2 }, itemStyle: { opacity: 0 } },
    ],
  }
}

/** A label in at most 40 characters. */
export function shortened(label: string, most = 40): string {
  const characters = Array.from(label)
  return characters.length <= most ? label : `${characters.slice(0, most - 1).join('')}…`
}
