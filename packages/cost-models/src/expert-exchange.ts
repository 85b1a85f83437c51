import type { AllToAllBackend, MoeFfn, ReplicaLayout } from '@llmsim/contracts'
import { bytesPerElement } from '@llmsim/contracts'
import { unquantisedFormat } from './compute-format.js'
import { expertLayout } from './expert-layout.js'

/** One direction: tokens to their experts, or results back. */
export type ExchangeDirection = 'dispatch' | 'combine'

/** What one device sends over each kind of link, for each token that counts. */
export interface Exchange {
  readonly backend: AllToAllBackend
  readonly direction: ExchangeDirection
  /** Which tokens count: those of all ranks, or those of the rank with the most. */
  readonly counts: 'group' | 'rank'
  /** Devices that take part, the nodes that they lie on, and the devices of one node. */
  readonly devices: number
  readonly nodes: number
  readonly local: number
  /** Bytes of a token's whole message, before it is divided among links. */
  readonly messageBytes: number
  /** Bytes that a device sends inside its node, and to other nodes. */
  readonly intraBytes: number
  readonly interBytes: number
}

/** Cells that `balls` throws into `cells` of them hit, on average. */
function distinct(cells: number, balls: number): number {
  let missed = 1
  for (let i = 0; i < balls; i++) missed *= 1 - 1 / cells
  return cells * (1 - missed)
}

/** Nodes that a token's experts lie on, on average: at most the groups that it may choose from. */
function nodesVisited(ffn: MoeFfn, nodes: number): number {
  const { experts_per_token: k, groups, groups_per_token: chosen } = ffn
  const free = distinct(nodes, k)
  if (groups === undefined || chosen === undefined || groups % nodes !== 0) return free
  // `chosen` of the groups, of which each node holds as many, drawn without putting back.
  const each = groups / nodes
  let missed = 1
  for (let i = 0; i < chosen; i++) missed *= Math.max(0, groups - each - i) / (groups - i)
  return Math.min(free, nodes * (1 - missed))
}

/**
 * How the tokens of a mixture's layer travel between attention ranks.
 *
 * The bytes follow from who needs what: an all-gather brings every token to every device, in a ring inside
 * each node and each device's part between nodes; an all-to-all and DeepEP's low-latency kernels send one
 * copy for each of a token's `k` experts, `(devices - local) / devices` of which leave the node; DeepEP's
 * normal kernels send one copy to each node that holds one of them and pass it on inside
 * (<https://github.com/deepseek-ai/DeepEP>). Dispatch is in the format of the activations with DeepEP, with
 * a scale of 4 bytes for each 128 elements below 16 bits, and in 16 bits otherwise, as combine always is.
 */
export function expertExchange(
  layout: ReplicaLayout,
  ffn: MoeFfn,
  direction: ExchangeDirection,
): Exchange {
  const { devices } = expertLayout(layout)
  const backend = layout.allToAllBackend ?? 'allgather_reducescatter'
  const nodes = Math.ceil(devices / layout.devicesPerNode)
  const local = Math.ceil(devices / nodes)
  const deepEp = backend.startsWith('deepep')
  const wide = bytesPerElement[unquantisedFormat(layout.activationFormat)]
  const own = bytesPerElement[layout.activationFormat]
  const narrow = deepEp && direction === 'dispatch' && own < wide
  const row = layout.model.hidden_size * (narrow ? own + 4 / 128 : wide)
  const common = { backend, direction, devices, nodes, local }
  if (backend === 'allgather_reducescatter')
    return {
      ...common,
      counts: 'group',
      messageBytes: row,
      intraBytes: (row * (local - 1)) / local,
      interBytes: (row * (nodes - 1)) / nodes / local,
    }
  // The devices of one rank share its tokens.
  const sent = row / layout.tensorParallel
  const k = ffn.experts_per_token
  if (backend === 'deepep_high_throughput')
    return {
      ...common,
      counts: 'rank',
      messageBytes: sent * distinct(devices, k),
      intraBytes: (sent * distinct(devices, k) * (local - 1)) / local,
      interBytes: (sent * nodesVisited(ffn, nodes) * (nodes - 1)) / nodes,
    }
  return {
    ...common,
    counts: 'rank',
    messageBytes: sent * k,
    intraBytes: (sent * k * (local - 1)) / devices,
    interBytes: (sent * k * (devices - local)) / devices,
  }
}

/**
 * What DeepEP's kernels reach of a link and what they take to start.
 *
 * Inside a node: on H100 and H200 boards 0.53 of the link at many tokens; 26 and 47 microseconds for few of
 * them with the normal kernels, 12 with the low-latency ones (NVIDIA's aiconfigurator, `wideep_deepep`,
 * Apache-2.0). Between nodes: 0.87 of the NIC, and 25 microseconds with the low-latency kernels, which gives
 * the tables of DeepEP's own documentation, EP 16 to EP 256, to 20 %, those of the normal kernels to 25 %.
 */
const deepEp = {
  intraShare: 0.53,
  interShare: 0.87,
  normalSeconds: { dispatch: 26e-6, combine: 47e-6 },
  lowLatencySeconds: { inside: 12e-6, across: 25e-6 },
} as const

/** Seconds that DeepEP takes to move `tokens` tokens of one rank: both kinds of link at once. */
export function deepEpSeconds(exchange: Exchange, layout: ReplicaLayout, tokens: number): number {
  const { intraBytes, interBytes, nodes, backend, direction } = exchange
  const inside =
    (tokens * intraBytes) / (layout.intraNode.bandwidthBytesPerSecond * deepEp.intraShare)
  const across =
    (tokens * interBytes) / (layout.interNode.bandwidthBytesPerSecond * deepEp.interShare)
  const start =
    backend === 'deepep_high_throughput'
      ? deepEp.normalSeconds[direction]
      : deepEp.lowLatencySeconds[nodes > 1 ? 'across' : 'inside']
  return start + Math.max(inside, across)
}

/** Bytes that one device sends for `tokens` tokens, over both kinds of link. */
export function exchangedBytes(exchange: Exchange, tokens: number): number {
  return tokens * (exchange.intraBytes + exchange.interBytes)
}
