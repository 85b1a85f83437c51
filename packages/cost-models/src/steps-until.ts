/** Steps until `distance` is covered at `speed` per step: one fewer where rounding could decide. */
export function stepsUntil(distance: number, speed: number): number {
  return Math.max(1, Math.floor(distance / speed))
}
