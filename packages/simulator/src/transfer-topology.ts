import type { TransferTopologySpec } from '@llmsim/contracts'
import type { Pool } from './pool.js'
import type { Replica } from './replica.js'

/** Where a replica is in the network, and its links. */
interface Place {
  /** Its scale-up domain; -1: it is spread over several. */
  readonly domain: number
  readonly leaf: number
  /** Links out and in, by NIC and within the domain. */
  readonly nicOut: number
  readonly nicIn: number
  readonly scaleUpOut: number
  readonly scaleUpIn: number
}

/** The links between replicas, and which of them a KV cache goes over. */
export class TransferTopology {
  /** Of the links, by number, in bytes per second. */
  readonly capacities: number[] = []
  readonly #places: Map<Replica, Place> = new Map<Replica, Place>()
  /** Links to and from the spine, by leaf. */
  readonly #up: number[] = []
  readonly #down: number[] = []

  constructor(spec: TransferTopologySpec, pools: readonly Pool[]) {
    const link = (bytesPerSecond: number): number => this.capacities.push(bytesPerSecond) - 1
    const { domainDevices, leafDevices } = spec
    let first = 0
    for (const { spec: pool, replicas } of pools) {
      const devices = pool.devicesPerReplica / (pool.attentionRanks ?? 1)
      for (const replica of replicas) {
        const last = first + devices - 1
        const domain = Math.floor(first / domainDevices)
        this.#places.set(replica, {
          domain: Math.floor(last / domainDevices) === domain ? domain : -1,
          leaf: Math.floor(first / leafDevices),
          nicOut: link(devices * spec.nicBytesPerSecond),
          nicIn: link(devices * spec.nicBytesPerSecond),
          scaleUpOut: link(devices * spec.scaleUpBytesPerSecond),
          scaleUpIn: link(devices * spec.scaleUpBytesPerSecond),
        })
        first += devices
      }
    }
    const uplink = (leafDevices * spec.nicBytesPerSecond) / spec.oversubscription
    for (let leaf = 0; leaf * leafDevices < first; leaf++) {
      this.#up.push(link(uplink))
      this.#down.push(link(uplink))
    }
  }

  /** The links from one replica to another. */
  path(from: Replica, to: Replica): readonly number[] {
    const source = this.#places.get(from)!
    const target = this.#places.get(to)!
    if (source.domain >= 0 && source.domain === target.domain)
      return [source.scaleUpOut, target.scaleUpIn]
    if (source.leaf === target.leaf) return [source.nicOut, target.nicIn]
    return [source.nicOut, this.#up[source.leaf]!, this.#down[target.leaf]!, target.nicIn]
  }
}
