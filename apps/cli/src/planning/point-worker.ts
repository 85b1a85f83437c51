import { PointEvaluator } from './point-evaluator.js'
import type { OutcomeText, PointJob } from './point-job.js'

const evaluator = new PointEvaluator()

/** What piscina calls on a thread for each point. */
export default async function evaluate(job: PointJob): Promise<OutcomeText> {
  return await evaluator.evaluate(job)
}
