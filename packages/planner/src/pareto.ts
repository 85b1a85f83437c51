/**
 * Whether one point is at least as good as another in every objective and better in one. Objectives are
 * numbers of which less is better.
 */
export function dominates(one: readonly number[], other: readonly number[]): boolean {
  let better = false
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? Infinity
    if (!(value <= against)) return false
    if (value < against) better = true
  }
  return better
}

/**
 * The ranks of points: 0 for those that no other dominates (the Pareto frontier), 1 for those that only
 * points of rank 0 dominate, and so on. Equal points have equal ranks.
 *
 * Points are taken in lexicographic order, so that each can only be dominated by an earlier one; the
 * first rank none of whose members dominates a point is its own (the sequential search of X. Zhang,
 * Y. Tian, R. Cheng and Y. Jin, "An Efficient Approach to Nondominated Sorting", IEEE Trans. Evol.
 * Comput. 19, 2015).
 */
export function paretoRanks(points: readonly (readonly number[])[]): number[] {
  const order = points.map((_, index) => index)
  order.sort((a, b) => lexicographic(points[a] ?? [], points[b] ?? []) || a - b)
  const fronts: number[][] = []
  const ranks = points.map(() => 0)
  for (const index of order) {
    const point = points[index] ?? []
    let rank = 0
    // The latest of a front is the most likely to dominate.
    while (fronts[rank]?.some((other) => dominates(points[other] ?? [], point)) === true) rank++
    ranks[index] = rank
    const front = fronts[rank]
    if (front === undefined) fronts[rank] = [index]
    else front.unshift(index)
  }
  return ranks
}

/** Places of the points that no other dominates, in the order given. */
export function paretoFrontier(points: readonly (readonly number[])[]): number[] {
  return paretoRanks(points).flatMap((rank, index) => (rank === 0 ? [index] : []))
}

function lexicographic(one: readonly number[], other: readonly number[]): number {
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? Infinity
    if (value !== against) return value - against
  }
  return 0
}
