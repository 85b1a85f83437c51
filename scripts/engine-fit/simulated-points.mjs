import { createCatalog } from '@llmsim/catalog'
import { EngineProfile } from '@llmsim/contracts'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const cli = new URL('../../apps/cli/dist/', import.meta.url)
const load = (file) => import(new URL(file, cli))

/** Measurements to a thread at a time: few, so that threads end together. */
const CHUNK = 12

/** Simulates measurements on threads of its own, each time with other engine profiles. */
export class SimulatedPoints {
  #workers
  #waiting = []
  #next = 0

  constructor(threads) {
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { simulates: true } })
      worker.on('message', ({ job, rows }) => this.#waiting[job](rows))
      return worker
    })
  }

  /** Errors of the points with `profiles` in the place of those of their names; in any order. */
  async errors(points, profiles) {
    const chunks = []
    for (let at = 0; at < points.length; at += CHUNK) chunks.push(points.slice(at, at + CHUNK))
    const found = await Promise.all(
      chunks.map(
        (chunk, index) =>
          new Promise((resolve) => {
            const job = this.#next++
            this.#waiting[job] = resolve
            const worker = this.#workers[index % this.#workers.length]
            worker.postMessage({ job, points: chunk, profiles })
          }),
      ),
    )
    return found.flat()
  }

  async end() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

if (!isMainThread && workerData?.simulates === true) {
  const [{ loadRegistries }, { pointErrors }] = await Promise.all([
    load('registries.js'),
    load('validation/point-errors.js'),
  ])
  const registries = await loadRegistries({ catalog: [] }, '.')
  parentPort.on('message', ({ job, points, profiles }) => {
    const names = new Set(profiles.map(({ name }) => name))
    const kept = registries.engineProfiles.entries().filter(({ name }) => !names.has(name))
    const changed = {
      ...registries,
      engineProfiles: createCatalog({
        kind: 'engine',
        schema: EngineProfile,
        entries: [...kept, ...profiles],
      }),
    }
    const rows = points.flatMap((point) => pointErrors(point, 'calibrated', changed).rows)
    parentPort.postMessage({ job, rows })
  })
}
