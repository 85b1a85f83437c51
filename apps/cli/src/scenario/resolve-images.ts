import type { Model, WorkloadSection } from '@llmsim/contracts'
import { conflict } from './conflict.js'

/** Images of prompts, with every default filled in. Throws `SimulatorError` `CONFLICT` where there can be none. */
export function resolveImages(
  { images, sessions }: WorkloadSection,
  model: Model,
): Pick<WorkloadSection, 'images'> {
  if (images === undefined) return {}
  if (model.vision === undefined)
    throw conflict(
      'workload.images',
      `${model.name} takes no images: its entry has no vision`,
      'a model that has',
    )
  if (sessions !== undefined)
    throw conflict('workload.images', 'the calls of sessions have none', 'no sessions')
  const { per_request = 1, sizes = [{ width: 1024, height: 1024 }] } = images
  return {
    images: { per_request, sizes: sizes.map((size) => ({ ...size, weight: size.weight ?? 1 })) },
  }
}
