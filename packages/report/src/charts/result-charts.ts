import type { MaybeChart } from '../chart.js'
import type { ReportedResult } from '../reported-result.js'
import { batchComposition, memoryChart, replicaChart, utilizationChart } from './device-charts.js'
import { latencyDistributions } from './latency-distributions.js'
import { chartsOverTime } from './over-time.js'
import { timeSplitChart } from './time-split.js'
import { operatorCharts, rooflineChart } from './step-charts.js'

/** Charts of one subject. */
export interface ChartGroup {
  readonly id: string
  readonly title: string
  readonly intro: string
  readonly charts: readonly MaybeChart[]
}

/** Every chart of a report, in its order. */
export function chartGroups(results: readonly ReportedResult[]): ChartGroup[] {
  return [
    {
      id: 'latency',
      title: 'Latency',
      intro: 'Of the requests that arrived in the measured window.',
      charts: latencyDistributions(results),
    },
    {
      id: 'time',
      title: 'Over time',
      intro: 'The whole run, warm-up and drain included.',
      charts: [...chartsOverTime(results), ...batchComposition(results)],
    },
    {
      id: 'devices',
      title: 'Devices',
      intro: '',
      charts: [
        utilizationChart(results),
        timeSplitChart(results),
        memoryChart(results),
        replicaChart(results),
      ],
    },
    {
      id: 'steps',
      title: 'Inside a step',
      intro: 'The mean steps of the run, on one device, as the cost model takes them apart.',
      charts: [rooflineChart(results), ...operatorCharts(results)],
    },
  ]
}
