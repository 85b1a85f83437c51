import { lineChart, type Chart } from '@llmsim/report'
import { candidateLabel } from './candidate-space.js'
import type { Objective } from './objective.js'
import type { Contender } from './optimize-study.js'

/** The deployments of a frontier over the first two objectives. */
export function frontierChart(
  frontier: readonly Contender[],
  [first, second]: readonly [Objective, Objective],
): Chart {
  const valueOf = (contender: Contender, at: number): number =>
    contender.confirmed?.values[at] ?? contender.values[at] ?? NaN
  const shown = frontier.toSorted((one, other) => valueOf(one, 0) - valueOf(other, 0))
  return {
    name: 'frontier',
    title: `${first.label} against ${second.label}`,
    description: `Deployments that no other is better than in both: ${shown.length} of them.`,
    table: {
      columns: ['deployment', first.label, second.label],
      rows: shown.map((one) => [
        candidateLabel(one.candidate),
        first.format(valueOf(one, 0)),
        second.format(valueOf(one, 1)),
      ]),
    },
    height: () => 340,
    option: (size) =>
      lineChart(
        {
          lines: [
            {
              label: 'frontier',
              color: 0,
              points: shown.map((one): [number, number] => [valueOf(one, 0), valueOf(one, 1)]),
              marks: shown.slice(0, 8).map((one) => ({
                at: [valueOf(one, 0), valueOf(one, 1)] as const,
                text: candidateLabel(one.candidate),
                side: 'right' as const,
              })),
            },
          ],
          x: {
            name: first.label,
            // Room for what is written beside the last.
            max: 1.4 * Math.max(...shown.map((one) => valueOf(one, 0))),
            written: first.format,
            roundEnd: false,
          },
          y: { name: second.label, min: 0, written: second.format },
        },
        size,
      ),
  }
}
