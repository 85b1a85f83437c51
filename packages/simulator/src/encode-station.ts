import type {
  Distribution,
  DistributionFactory,
  EncodePoolSpec,
  EncodePoolUse,
  SimulationSpec,
  Slot,
} from '@llmsim/contracts'
import { FifoServer } from '@llmsim/engine'
import { overlapSeconds, summarizeLatency } from '@llmsim/metrics'
import { ImageColumn } from './image-column.js'
import type { RequestTable } from './request-table.js'

/** One replica: it encodes one image after another, and sends each while it encodes the next. */
interface Encoder {
  readonly device: FifoServer
  readonly link: FifoServer
  freeAt: number
}

export interface StationParts {
  readonly spec: EncodePoolSpec
  readonly images: ImageColumn
  readonly times: Distribution
  /** The measured window, in seconds. */
  readonly windowStart: number
  readonly windowEnd: number
}

/**
 * The pool that encodes the images of a prompt before it is routed. Each image goes to the replica that is free
 * first, so that those of one request are spread over several (intra-request parallelism of Singh et al., "Efficiently
 * Serving Large Multimodal Models Using EPD Disaggregation", arXiv:2501.05460); the prompt goes on when all are there.
 */
export class EncodeStation {
  readonly spec: EncodePoolSpec
  readonly #parts: StationParts
  readonly #encoders: readonly Encoder[]
  #encoded = 0
  #bytes = 0
  #busySeconds = 0
  #busyInWindow = 0

  constructor(parts: StationParts) {
    this.spec = parts.spec
    this.#parts = parts
    this.#encoders = Array.from({ length: parts.spec.replicas }, () => ({
      device: new FifoServer(),
      link: new FifoServer(),
      freeAt: 0,
    }))
  }

  /** When the images of a request that comes at `now` are where its prompt is computed; requests come in time order. */
  doneAt(slot: Slot, now: number): number {
    const { images, times, windowStart, windowEnd, spec } = this.#parts
    const count = images.countOf(slot)
    if (count === 0) return now
    const image = images.imageOf(slot)
    const seconds = spec.seconds(image)
    const bytes = image.tokens * spec.bytesPerToken
    let last = now
    for (let left = count; left > 0; left--)
      last = Math.max(last, this.#encode(now, seconds, bytes))
    this.#encoded += count
    this.#bytes += count * bytes
    if (now >= windowStart && now <= windowEnd) times.add(last - now)
    return last
  }

  /** What it did in a run of so many seconds, and in its measured window. */
  use(runSeconds: number, windowSeconds: number): EncodePoolUse {
    const { replicas, devicesPerReplica, power } = this.spec
    const all = windowSeconds * replicas
    const idle = Math.max(0, runSeconds * replicas - this.#busySeconds)
    return {
      replicas,
      devices: replicas * devicesPerReplica,
      images: this.#encoded,
      bytes: this.#bytes,
      utilization: all > 0 ? Math.min(1, this.#busyInWindow / all) : 0,
      time: summarizeLatency(this.#parts.times),
      energy_joules:
        (this.#busySeconds * power.prefillWatts + idle * power.idleWatts) * devicesPerReplica,
    }
  }

  #encode(now: number, seconds: number, bytes: number): number {
    const { windowStart, windowEnd } = this.#parts
    let encoder = this.#encoders[0]!
    for (const other of this.#encoders) if (other.freeAt < encoder.freeAt) encoder = other
    const done = encoder.device.serve(now, seconds)
    encoder.freeAt = done
    this.#busySeconds += seconds
    this.#busyInWindow += overlapSeconds(done - seconds, done, windowStart, windowEnd)
    const { bandwidthBytesPerSecond: bandwidth, latencySeconds } = this.spec
    return encoder.link.serve(done, bytes / bandwidth) + latencySeconds
  }
}

/** Gives a run's table the images of its requests, if these may have any; the pool that encodes them, if there is one. */
export function stationOf(
  { images, encodePool, warmUpSeconds, durationSeconds }: SimulationSpec,
  table: RequestTable,
  newDistribution: DistributionFactory,
): EncodeStation | undefined {
  if (images !== true) return undefined
  table.images = new ImageColumn(encodePool === undefined)
  if (encodePool === undefined) return undefined
  return new EncodeStation({
    spec: encodePool,
    images: table.images,
    times: newDistribution(),
    windowStart: warmUpSeconds,
    windowEnd: durationSeconds,
  })
}
