/**
 * Seconds that a transfer takes beyond the end of a prefill when each layer is sent as soon as it is computed:
 * the last layer's share at least, and what is left of a transfer that takes longer than the layers after
 * the first one take to compute.
 *
 * @param seconds - of the whole transfer
 * @param computeSeconds - of the step that computes all layers
 */
export function exposedSeconds(seconds: number, computeSeconds: number, layers: number): number {
  return Math.max(seconds / layers, seconds - computeSeconds * ((layers - 1) / layers))
}
