import type { LinkSpeed } from '@llmsim/contracts'

/*
 * Costs in the latency-bandwidth model: a message of n bytes takes `latency + n / bandwidth`.
 *
 * Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of Collective Communication
 * Operations in MPICH", IJHPCA 19(1), 2005. `messageBytes` is the whole vector that each rank holds
 * (all-reduce, all-to-all), starts with (reduce-scatter) or ends with (all-gather). Every function
 * returns seconds, is 0 for one rank, and is monotone in the message and in the number of ranks.
 */

/** One message from one rank to another, in seconds. */
export function send(messageBytes: number, link: LinkSpeed): number {
  return link.latencySeconds + messageBytes / link.bandwidthBytesPerSecond
}

/** Ring all-gather: `p - 1` rounds of `n / p` bytes. */
export function allGather(ranks: number, messageBytes: number, link: LinkSpeed): number {
  if (ranks <= 1) return 0
  const rounds = ranks - 1
  return (
    rounds * link.latencySeconds + ((rounds / ranks) * messageBytes) / link.bandwidthBytesPerSecond
  )
}

/** Ring reduce-scatter: the same traffic as the all-gather; the additions are not counted. */
export function reduceScatter(ranks: number, messageBytes: number, link: LinkSpeed): number {
  return allGather(ranks, messageBytes, link)
}

/** Pairwise exchange: `p - 1` rounds of `n / p` bytes, as for long messages. */
export function allToAll(ranks: number, messageBytes: number, link: LinkSpeed): number {
  return allGather(ranks, messageBytes, link)
}

/**
 * Ring all-reduce: a reduce-scatter and an all-gather, `2 (p - 1)` rounds of `n / p` bytes
 * (Patarasuk and Yuan, JPDC 69(2), 2009; the ring of NCCL).
 */
export function ringAllReduce(ranks: number, messageBytes: number, link: LinkSpeed): number {
  return 2 * allGather(ranks, messageBytes, link)
}

/**
 * Double binary tree, pipelined: `2 ceil(log2 p)` hops of latency, and every rank sends the message
 * once up and once down (Sanders, Speck, Träff, Parallel Computing 35(12), 2009; the tree of NCCL 2.4).
 */
export function treeAllReduce(ranks: number, messageBytes: number, link: LinkSpeed): number {
  if (ranks <= 1) return 0
  return (
    2 * treeDepth(ranks) * link.latencySeconds + (2 * messageBytes) / link.bandwidthBytesPerSecond
  )
}

/** The faster of ring and tree. */
export function allReduce(ranks: number, messageBytes: number, link: LinkSpeed): number {
  return Math.min(
    ringAllReduce(ranks, messageBytes, link),
    treeAllReduce(ranks, messageBytes, link),
  )
}

/**
 * All-reduce over `nodes` nodes of `ranksPerNode` ranks: a reduce-scatter inside each node, an
 * all-reduce of each rank's part between the nodes, an all-gather inside each node.
 */
export function hierarchicalAllReduce(
  nodes: number,
  ranksPerNode: number,
  messageBytes: number,
  intraNode: LinkSpeed,
  interNode: LinkSpeed,
): number {
  if (nodes <= 1) return allReduce(ranksPerNode, messageBytes, intraNode)
  return (
    reduceScatter(ranksPerNode, messageBytes, intraNode) +
    allReduce(nodes, messageBytes / ranksPerNode, interNode) +
    allGather(ranksPerNode, messageBytes, intraNode)
  )
}

/** Whole log2, rounded up, without `Math.log2` (its last digit differs between engines). */
function treeDepth(ranks: number): number {
  let depth = 0
  for (let reached = 1; reached < ranks; reached *= 2) depth++
  return depth
}
