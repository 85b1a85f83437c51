import type { LengthsSection, WorkloadSection } from '@llmsim/contracts'
import { interactiveSessions, syntheticSessions } from '@llmsim/workloads'
import { count } from './output/figures.js'
import type { Traffic } from './traffic-maker.js'
import { lengthsOf, longestLength, meanLength } from './traffic-sections.js'

/** Sessions, each call with the conversation before it as the beginning of its prompt. */
export function sessionTraffic(
  { arrival_rate: sessionsPerSecond = 1, max_total_length: most = Infinity }: WorkloadSection,
  sessions: NonNullable<WorkloadSection['sessions']>,
  { input, output }: { readonly input: LengthsSection; readonly output: LengthsSection },
  seed: number,
): Traffic {
  const { turns, think_time_s: meanThinkSeconds, first_input_lengths: first } = sessions
  const tokens = (of: (lengths: LengthsSection) => number): number =>
    (first === undefined ? 0 : of(first)) + of(turns) * (of(input) + of(output))
  const mean = Math.round(tokens(meanLength))
  return {
    source: () =>
      interactiveSessions(
        syntheticSessions({
          sessionsPerSecond,
          turns: lengthsOf(turns),
          ...(first === undefined ? {} : { firstInput: lengthsOf(first) }),
          input: lengthsOf(input),
          output: lengthsOf(output),
          meanThinkSeconds,
          ...(most === Infinity ? {} : { maxTotalTokens: most }),
          seed,
        }),
      ),
    longestRequest: Math.min(most, tokens(longestLength)),
    notes:
      mean <= most
        ? []
        : [
            `sessions would come to ${count(mean)} tokens on average: they end before a call that would ` +
              `be longer than workload.max_total_length, ${count(most)} tokens`,
          ],
  }
}
