import { isSimulatorError, type WorkloadSection } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { checkLengths } from './check-lengths.js'

function failure(workload: WorkloadSection): unknown {
  try {
    checkLengths(workload)
  } catch (error) {
    if (!isSimulatorError(error)) throw error
    const { code, path, given, accepted } = error
    return { code, path, given, accepted }
  }
  return undefined
}

const side = { mean: 5, std: 1 }
const few = { mean: 0.5 }
const tokens = 'a number of tokens from 1 to 10,000,000'

describe('lengths that cannot be drawn', () => {
  it.each<[WorkloadSection, string, unknown, string]>([
    [{ input_lengths: few }, 'input_lengths.mean', 0.5, tokens],
    [
      { classes: [{ name: 'a', input_lengths: few }] },
      'classes[0].input_lengths.mean',
      0.5,
      tokens,
    ],
    [
      { classes: [{ name: 'a' }, { name: 'b', output_lengths: { mean: 5, min: 9, max: 8 } }] },
      'classes[1].output_lengths.max',
      8,
      'at least 9',
    ],
    [
      { sessions: { turns: few, think_time_s: 1 } },
      'sessions.turns.mean',
      0.5,
      'a number of calls from 1 to 10,000,000',
    ],
    [
      { sessions: { turns: side, think_time_s: 1, first_input_lengths: few } },
      'sessions.first_input_lengths.mean',
      0.5,
      tokens,
    ],
    [
      {
        joint_lengths: {
          joint: 'lognormal',
          input: side,
          output: { mean: 0.5, std: 1 },
          correlation: 0,
        },
      },
      'joint_lengths.output.mean',
      0.5,
      tokens,
    ],
    [
      {
        output_lengths: { distribution: 'histogram', bins: [{ tokens: 10, up_to: 5, weight: 1 }] },
      },
      'output_lengths.bins[0]',
      '10 to 5',
      'integers from 1 to 10,000,000, the first no larger than the second',
    ],
    [
      { output_lengths: { distribution: 'histogram', bins: [{ tokens: 10, weight: 0 }] } },
      'output_lengths.bins',
      [0],
      'weights of which at least one is above 0',
    ],
  ])('are refused where they are written: %j', (workload, path, given, accepted) => {
    expect(failure(workload)).toMatchObject({ path: `workload.${path}`, given, accepted })
  })

  it('are none where the least is above the usual limit', () => {
    expect(failure({ input_lengths: { mean: 5, min: 100 } })).toBeUndefined()
  })
})
