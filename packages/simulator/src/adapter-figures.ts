import type { AdapterUse, PoolFigures } from '@llmsim/contracts'
import type { Pool } from './pool.js'

/** What became of the LoRA adapters of a pool's requests; nothing where they have none. */
export function adapterFigures({ spec, replicas }: Pool): Pick<PoolFigures, 'adapters'> {
  const { adapterSlots } = spec
  if (adapterSlots === undefined) return {}
  const use: AdapterUse = {
    slots: adapterSlots.slots,
    peak_running: 0,
    hits: 0,
    loads: 0,
    storage_loads: 0,
    evictions: 0,
    load_s: 0,
  }
  for (const { adapters } of replicas) {
    if (adapters === undefined) return {}
    use.peak_running = Math.max(use.peak_running, adapters.peakRunning)
    use.hits += adapters.hits
    use.loads += adapters.loads
    use.storage_loads += adapters.storageLoads
    use.evictions += adapters.evictions
    use.load_s += adapters.loadSeconds
  }
  return { adapters: use }
}
