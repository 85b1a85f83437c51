import { SimulatorError, type ReplicaLayout } from '@llmsim/contracts'
import { checkExperts } from './expert-check.js'

/** Sizes of tensor parallelism up to `limit` that split the model's attention evenly. */
export function tensorParallelSizes(layout: ReplicaLayout, limit = 1024): number[] {
  const { heads } = layout.model.attention
  const sizes: number[] = []
  for (let tp = 1; tp <= Math.min(heads, limit); tp++)
    if (heads % tp === 0 && splitsKvHeads(layout, tp)) sizes.push(tp)
  return sizes
}

/** Key/value heads are split, or replicated evenly; the latent of MLA is whole on every device. */
function splitsKvHeads(layout: ReplicaLayout, tp: number): boolean {
  const { attention } = layout.model
  if (attention.kind === 'mla') return true
  return attention.kv_heads % tp === 0 || tp % attention.kv_heads === 0
}

/**
 * Checks that a model can lie on its devices: whole heads per device, a layer per stage.
 *
 * @param path Dotted path of the section that holds the parallel sizes.
 * @throws SimulatorError `INVALID_VALUE` for a size that is no positive whole number, `CONFLICT` for
 *   one that does not suit the model; with the field's path and what would be accepted.
 */
export function checkLayout(layout: ReplicaLayout, path = 'parallelism'): void {
  const { model, tensorParallel: tp, pipelineParallel: pp } = layout
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`)
  for (const [field, size] of [
    ['tensor_parallel_size', tp],
    ['pipeline_parallel_size', pp],
  ] as const)
    if (!Number.isInteger(size) || size < 1)
      throw new SimulatorError({
        code: 'INVALID_VALUE',
        path: at(field),
        message: 'must be a positive whole number',
        given: size,
      })
  const { attention } = model
  if (attention.heads % tp !== 0 || !splitsKvHeads(layout, tp)) {
    const kv = attention.kind === 'gqa' ? ` and ${attention.kv_heads} key/value heads` : ''
    throw new SimulatorError({
      code: 'CONFLICT',
      path: at('tensor_parallel_size'),
      message: `${model.name} has ${attention.heads} heads${kv}, which do not split evenly`,
      given: tp,
      accepted: tensorParallelSizes(layout, 128).join(', '),
    })
  }
  if (pp > model.layers)
    throw new SimulatorError({
      code: 'CONFLICT',
      path: at('pipeline_parallel_size'),
      message: `${model.name} has ${model.layers} layers, fewer than stages`,
      given: pp,
      accepted: `1 to ${model.layers}`,
    })
  checkExperts(layout, at)
}
