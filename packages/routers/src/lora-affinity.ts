import type { PoolView, RouterFactory } from '@llmsim/contracts'
import { LeastLoaded } from './least-loaded.js'
import { numberOption } from './option-values.js'

/**
 * A replica that has the LoRA adapter of the request, in its memory or for a request that runs or waits there; with
 * a small probability, or where there is none, one that has a slot free for it; and where there is none either,
 * any. Of these the one with the fewest unfinished requests; of equals, the one after the last chosen. Replicas with
 * more than `queue_threshold` requests in their queue stand back while there are others.
 *
 * The filter `lora-affinity` of the Gateway API inference extension (`lora_affinity_filter.go`), with its thresholds:
 * 128 requests in a queue, and an `affinity_threshold` of 0.999, the probability with which a replica that has the
 * adapter is preferred. AIBrix's router of this name does the same. What it counts as active here includes
 * adapters that lie in a slot and that no request has.
 */
export const loraAffinity: RouterFactory = {
  name: 'lora-affinity',
  description: 'A replica that has the LoRA adapter of the request, or a slot for it.',
  options: ['affinity_threshold', 'queue_threshold'],
  create(options) {
    const threshold = numberOption(options, 'affinity_threshold', 0.999, {
      least: 0,
      most: 1,
      meaning: 'probability that a replica with the adapter is preferred',
    })
    const queued = numberOption(options, 'queue_threshold', 128, {
      least: 0,
      meaning: 'requests in a queue up to which a replica is preferred',
    })
    const least = new LeastLoaded()
    let start = 0
    return {
      name: 'lora-affinity',
      route(_request, pool) {
        if (pool.adapterPlace === undefined) return least.choose(pool, 'outstanding')
        const short = replicasOf(pool, (replica) => pool.queued(replica) <= queued)
        const considered = short.length > 0 ? short : replicasOf(pool, () => true)
        const having = considered.filter((replica) => pool.adapterPlace?.(replica) !== 'absent')
        const roomy = considered.filter(
          (replica) =>
            pool.adapterPlace?.(replica) === 'absent' &&
            (pool.freeAdapterSlots?.(replica) ?? 0) > 0,
        )
        const preferred = having.length > 0 && roomy.length > 0 && options.random() >= threshold
        const found = preferred || having.length === 0 ? roomy : having
        const chosen = leastOutstandingOf(pool, found.length > 0 ? found : considered, start)
        start = chosen + 1
        return chosen
      },
    }
  },
}

function replicasOf(pool: PoolView, accepts: (replica: number) => boolean): number[] {
  return Array.from({ length: pool.replicas }, (_, replica) => replica).filter(accepts)
}

/** Of some replicas the one with the fewest unfinished requests; of equals, the first from `start` on. */
function leastOutstandingOf(pool: PoolView, replicas: readonly number[], start: number): number {
  const turn = (replica: number): number =>
    (replica + pool.replicas - (start % pool.replicas)) % pool.replicas
  let chosen = replicas[0]!
  for (const replica of replicas) {
    const more = pool.outstanding(replica) - pool.outstanding(chosen)
    if (more < 0 || (more === 0 && turn(replica) < turn(chosen))) chosen = replica
  }
  return chosen
}
