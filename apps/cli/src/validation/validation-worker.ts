import { parentPort, workerData } from 'node:worker_threads'
import { loadRegistries } from '../registries.js'
import type { MeasuredPoint } from './measured-point.js'
import { pointErrors } from './point-errors.js'
import type { ValidationSettings } from './validation-run.js'

const { costModel, catalog, cwd } = workerData as ValidationSettings
const loading = loadRegistries({ catalog }, cwd)

parentPort?.on('message', (points: readonly MeasuredPoint[]) => {
  void loading.then((registries) => {
    parentPort?.postMessage(points.map((point) => pointErrors(point, costModel, registries)))
  })
})
