import { isPlainObject, type PlainObject } from '../scenario/assignments.js'
import { scenarioTargets } from '../slo-target.js'
import { milliseconds } from './look-scenario.js'
import type { OptimizeQuestion } from './optimize-study.js'

/**
 * A scenario of the search with the objectives that were asked for. While it searches each is a limit of every
 * request too, from which goodput is counted; that stays where something goes by it. A mean is no objective of a
 * single run.
 */
export function withAskedObjectives(
  scenario: PlainObject,
  { base, targets, objectives }: OptimizeQuestion,
): PlainObject {
  const own = isPlainObject(base.slo) ? base.slo : {}
  const { slo: searched, ...rest } = scenario
  if (searched === undefined) return scenario
  if (JSON.stringify(targets) === JSON.stringify(scenarioTargets(own)))
    return Object.keys(own).length === 0 ? rest : { ...scenario, slo: own }
  const { autoscaling } = scenario
  const counted =
    objectives.some(({ name }) => /^goodput|^attain/.test(name)) ||
    (isPlainObject(autoscaling) && autoscaling.signal === 'slo')
  const slo: PlainObject = { ...(counted && isPlainObject(searched) ? searched : own) }
  for (const { latency, quantile, seconds } of targets) {
    const limit = milliseconds(seconds)
    const field = `${latency}_percentiles_ms`
    const others = slo[field]
    if (quantile === 'max') slo[`${latency}_ms`] = limit
    else if (quantile !== 'mean')
      slo[field] = { ...(isPlainObject(others) ? others : {}), [quantile]: limit }
  }
  return Object.keys(slo).length === 0 ? rest : { ...scenario, slo }
}
