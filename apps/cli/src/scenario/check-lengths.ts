import type { JointLengthsSection, LengthsSection, WorkloadSection } from '@llmsim/contracts'
import { randomStream } from '@llmsim/engine'
import { jointSampler, lengthFields, lengthsSampler } from '@llmsim/workloads'
import { jointOf, lengthsOf } from '../traffic-sections.js'

/**
 * Checks every section of lengths where it is written: below, they are drawn by paths of their own.
 *
 * Throws `SimulatorError` as the samplers do.
 */
export function checkLengths(workload: WorkloadSection): void {
  checkSides(workload, 'workload')
  for (const [index, each] of (workload.classes ?? []).entries())
    checkSides(each, `workload.classes[${index}]`)
  const { turns, first_input_lengths: first } = workload.sessions ?? {}
  check(turns, 'workload.sessions.turns', 'calls')
  check(first, 'workload.sessions.first_input_lengths')
}

function checkSides(
  {
    input_lengths,
    output_lengths,
    joint_lengths,
  }: {
    readonly input_lengths?: LengthsSection | undefined
    readonly output_lengths?: LengthsSection | undefined
    readonly joint_lengths?: JointLengthsSection | undefined
  },
  path: string,
): void {
  check(input_lengths, `${path}.input_lengths`)
  check(output_lengths, `${path}.output_lengths`)
  if (joint_lengths !== undefined)
    jointSampler(jointOf(joint_lengths), unused(), `${path}.joint_lengths`)
}

function check(section: LengthsSection | undefined, path: string, counted = 'tokens'): void {
  if (section !== undefined)
    lengthsSampler(lengthsOf(section), unused(), lengthFields(path, counted))
}

/** What samplers are made with: nothing is drawn. */
function unused(): ReturnType<typeof randomStream> {
  return randomStream(0, 'check')
}
