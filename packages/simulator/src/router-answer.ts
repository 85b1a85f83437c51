import type { PoolView, RoutedRequest, Router } from '@llmsim/contracts'
import { SimulatorError } from '@llmsim/contracts'
import { policyFailure } from './policy-failure.js'

/** Asks a router. Errors: `CONTRACT` when it fails, or names none of what it chooses from. */
export function routerAnswer(
  router: Router,
  request: RoutedRequest,
  view: PoolView,
  place: string,
): number {
  let chosen: number
  try {
    chosen = router.route(request, view)
  } catch (error) {
    throw policyFailure(`router ${router.name}`, error)
  }
  if (Number.isInteger(chosen) && chosen >= 0 && chosen < view.replicas) return chosen
  throw new SimulatorError({
    code: 'CONTRACT',
    path: `router ${router.name}`,
    message: `chose a replica that pool ${place} does not have`,
    given: chosen,
    accepted: `a whole number from 0 to ${view.replicas - 1}`,
  })
}
