import type {
  ObservedLoad,
  ObservedSegment,
  ObservedTransfer,
  PoolSpec,
  RunObserver,
} from '@llmsim/contracts'
import type { StreamedFile } from './streamed-file.js'

/** Characters that are written at a time. */
const PIECE = 1 << 20
const MICROSECONDS = 1e6

/**
 * Writes a run as Trace Event Format (the JSON that Perfetto and chrome://tracing open): a process for
 * each pool, a thread for each batch in flight of a replica, a slice for each run of equal steps, and
 * counters of queues and KV blocks.
 *
 * Source: "Trace Event Format", the Chromium project.
 */
export class ChromeTrace implements RunObserver {
  readonly #file: StreamedFile
  readonly #stages: readonly number[]
  #text = '{"displayTimeUnit":"ms","traceEvents":[\n'
  #separator = ''
  #transfers = 0

  constructor(file: StreamedFile, pools: readonly PoolSpec[]) {
    this.#file = file
    this.#stages = pools.map(({ stages }) => stages)
    pools.forEach((pool, number) => {
      const pid = number + 1
      this.#event({
        ph: 'M',
        pid,
        tid: 0,
        name: 'process_name',
        args: { name: `pool ${pool.name}` },
      })
      for (let replica = 0; replica < pool.replicas * (pool.attentionRanks ?? 1); replica++)
        for (let lane = 0; lane < pool.stages; lane++)
          this.#event({
            ph: 'M',
            pid,
            tid: replica * pool.stages + lane + 1,
            name: 'thread_name',
            args: { name: `replica ${replica}${pool.stages > 1 ? `, batch ${lane}` : ''}` },
          })
    })
  }

  segmentExecuted(segment: ObservedSegment): void {
    const { startSeconds, endSeconds, pool, replica } = segment
    this.#event({
      ph: 'X',
      pid: pool + 1,
      tid: this.#thread(segment),
      ts: startSeconds * MICROSECONDS,
      dur: (endSeconds - startSeconds) * MICROSECONDS,
      cat: 'step',
      name: segment.kind,
      args: {
        steps: segment.steps,
        prompts: segment.chunks,
        prefill_tokens: segment.prefillTokens,
        decodes: segment.decodes,
        first_step_ms: segment.seconds * 1000,
        busy_us: segment.busySeconds * MICROSECONDS,
      },
    })
    this.#event({
      ph: 'C',
      pid: pool + 1,
      tid: 0,
      ts: endSeconds * MICROSECONDS,
      name: `KV blocks, replica ${replica}`,
      args: { used: segment.usedBlocks },
    })
  }

  loadChanged(load: ObservedLoad): void {
    const { pool, replica, lane, nowSeconds, waiting, running } = load
    const batch = (this.#stages[pool] ?? 1) > 1 ? `, batch ${lane}` : ''
    this.#event({
      ph: 'C',
      pid: pool + 1,
      tid: 0,
      ts: nowSeconds * MICROSECONDS,
      name: `requests, replica ${replica}${batch}`,
      args: { waiting, running },
    })
  }

  transferBegan(transfer: ObservedTransfer): void {
    const { toPool, fromReplica, toReplica, request, bytes } = transfer
    const event = {
      pid: toPool + 1,
      tid: 0,
      cat: 'transfer',
      name: `KV cache to replica ${toReplica}`,
      id: ++this.#transfers,
    }
    const args = { request, from_replica: fromReplica, bytes }
    this.#event({ ...event, ph: 'b', ts: transfer.startSeconds * MICROSECONDS, args })
    this.#event({ ...event, ph: 'e', ts: transfer.endSeconds * MICROSECONDS })
  }

  /** Ends the file. */
  commit(): void {
    this.#text += '\n]}\n'
    this.#flush()
    this.#file.commit()
  }

  abort(): void {
    this.#file.abort()
  }

  #thread({ pool, replica, lane }: ObservedSegment): number {
    return replica * (this.#stages[pool] ?? 1) + lane + 1
  }

  #event(event: Readonly<Record<string, unknown>>): void {
    this.#text += this.#separator + JSON.stringify(event)
    this.#separator = ',\n'
    if (this.#text.length >= PIECE) this.#flush()
  }

  #flush(): void {
    this.#file.write(this.#text)
    this.#text = ''
  }
}
