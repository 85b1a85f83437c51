import type { Distribution } from '@llmsim/contracts'

/** A sample of a part of what happens, which can be summed up with those of other parts. */
export interface PartDistribution extends Distribution {
  /** Adds all that another one of the same kind holds. */
  addAll(other: PartDistribution): void
}

/** Makes an empty one. */
export type PartDistributionFactory = () => PartDistribution
