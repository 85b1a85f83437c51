import { lineChart, type Chart } from '@llmsim/report'
import { figure, percent } from '../output/figures.js'
import type { CapacityTrial, LoadKind } from './capacity-study.js'

/** How close each load of a search came to its limits, and where they lie. */
export function capacityChart(
  kind: LoadKind,
  trials: readonly CapacityTrial[],
  capacity: number,
): Chart {
  const shown = trials
    .filter(({ worst }) => Number.isFinite(worst))
    .toSorted((one, other) => one.load - other.load)
  const unit = kind === 'rate' ? 'requests/s' : 'requests at a time'
  return {
    name: 'capacity',
    title: 'Load and limits',
    description:
      'The figure that is furthest from its objective, as a share of it, over the load. ' +
      `All objectives are met up to ${figure(capacity)} ${unit}.`,
    table: {
      columns: [unit, 'of the limit', 'figure'],
      rows: shown.map(({ load, worst, reason }) => [figure(load), percent(worst), reason]),
    },
    height: () => 300,
    option: (size) =>
      lineChart(
        {
          lines: [
            {
              label: 'worst figure',
              color: 0,
              points: shown.map(({ load, worst }): [number, number] => [load, worst]),
              marks: shown
                .filter(({ load }) => load === capacity)
                .map(({ load, worst }) => ({ at: [load, worst] as const, text: figure(load) })),
            },
            {
              label: 'limit',
              color: 7,
              points: [
                [shown[0]?.load ?? 0, 1],
                [shown.at(-1)?.load ?? 1, 1],
              ],
            },
          ],
          x: {
            name: unit,
            min: shown[0]?.load,
            max: shown.at(-1)?.load,
            written: figure,
            roundEnd: false,
          },
          y: { name: 'share of the limit', min: 0, written: percent },
        },
        size,
      ),
  }
}
