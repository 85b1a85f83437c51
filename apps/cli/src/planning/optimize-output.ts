import { deploy } from '../deployment.js'
import { duration, figure, percent } from '../output/figures.js'
import { packageVersions } from '../output/results-document.js'
import { textTable } from '../output/text-table.js'
import { sloText } from '../slo-target.js'
import { withAskedObjectives } from './asked-objectives.js'
import { candidateLabel } from './candidate-space.js'
import { engineStarts, type EngineStart } from './engine-command.js'
import type { Contender, OptimizeAnswer, OptimizeQuestion } from './optimize-study.js'
import { seenFrom } from '../scenario/trace-place.js'
import { runCommand } from './scenario-command.js'
import type { Study } from './study.js'

/** What `--format json` prints. */
export function optimizeDocument(
  question: OptimizeQuestion,
  answer: OptimizeAnswer,
  study: Study,
): unknown {
  const { pruned } = answer
  const contender = (one: Contender | undefined): unknown =>
    one === undefined ? null : contenderDocument(one, question, study)
  return {
    candidates: answer.candidates,
    evaluated: answer.evaluated,
    feasible: answer.feasible,
    pruned: pruned.price + pruned.power + pruned.objectives + pruned.dominated,
    pruned_by: { ...pruned, replicas: answer.refusedReplicas },
    objectives: question.objectives.map(({ name, better }) => ({ name, better })),
    constraints: question.targets.map(sloText),
    best: contender(answer.best),
    frontier: answer.frontier.map(contender),
    runner_up: contender(answer.runnerUp),
    near_miss: contender(answer.nearMiss),
    why: whyText(question, answer),
    versions: packageVersions(),
  }
}

function contenderDocument(
  { candidate, scenario, result, values, reason, facts, confirmed }: Contender,
  question: OptimizeQuestion,
  study: Study,
): unknown {
  const { objectives } = question
  const resolved = study.resolve(scenario)
  return {
    label: candidateLabel(candidate),
    devices: candidate.devices,
    usd_per_hour: facts.usdPerHour ?? null,
    objectives: Object.fromEntries(objectives.map(({ name }, at) => [name, values[at] ?? null])),
    worst: reason,
    confirmed:
      confirmed === undefined
        ? null
        : { seeds: confirmed.seeds, met: confirmed.feasible, means: confirmed.values },
    scenario: seenFrom(study.context.cwd, resolved, study.context.folders),
    result,
    command: commandOf(scenario, question, study),
    engines: startsOf(scenario, study),
  }
}

/** The line that simulates it from where the answer is read. */
function commandOf(
  scenario: Contender['scenario'],
  question: OptimizeQuestion,
  { context }: Study,
): string {
  const asked = withAskedObjectives(seenFrom(context.cwd, scenario, context.folders), question)
  return runCommand(asked, context)
}

function startsOf(scenario: Contender['scenario'], study: Study): EngineStart[] {
  const resolved = study.resolve(scenario)
  return engineStarts(deploy(resolved, study.registries), resolved)
}

/** The answer for a terminal. */
export function optimizeText(
  question: OptimizeQuestion,
  answer: OptimizeAnswer,
  study: Study,
): string {
  const { pruned, refusedReplicas: refused } = answer
  const counts =
    `${figure(answer.candidates)} deployments: ${figure(answer.evaluated)} simulated, ` +
    `${figure(answer.feasible)} of them within the objectives; left out: ` +
    `${figure(pruned.objectives)} that cannot meet them, ${figure(pruned.dominated)} that cannot be better, ` +
    `${figure(pruned.price)} too dear, ${figure(pruned.power)} with too much power; ` +
    `${refused.memory} kinds of replica do not fit\n`
  if (answer.best === undefined)
    return `No deployment meets ${limits(question)}.\n${why(question, answer)}\n${counts}`
  const { best } = answer
  const shown =
    question.objectives.length === 1
      ? [best, ...(answer.runnerUp ? [answer.runnerUp] : [])]
      : answer.frontier
  return [
    `Best: ${candidateLabel(best.candidate)}\n`,
    `${contenderTable(shown, question)}\n`,
    why(question, answer),
    `Simulate it:\n  ${commandOf(best.scenario, question, study)}\n`,
    `Start it:\n${startsOf(best.scenario, study)
      .map(({ of, command }) => `  # ${of}\n  ${command}`)
      .join('\n')}\n`,
    counts,
  ].join('\n')
}

/** Contenders without those that differ from an earlier one in limits that make no difference. */
function distinct(contenders: readonly Contender[]): Contender[] {
  const seen = new Set<string>()
  return contenders.filter(({ candidate, score }) => {
    const key = JSON.stringify([candidate.pools, candidate.engine.dtype, score.objectives])
    return !seen.has(key) && seen.add(key).size > 0
  })
}

function contenderTable(
  contenders: readonly Contender[],
  { objectives }: OptimizeQuestion,
): string {
  return textTable([
    [
      '',
      ...objectives.map(({ label }) => label),
      '$/h',
      'TTFT p99',
      'TPOT p99',
      'batch',
      'tokens/step',
    ],
    ...distinct(contenders).map(({ candidate, values, result, facts, confirmed }) => [
      candidateLabel(candidate),
      ...objectives.map(({ format }, at) => format(confirmed?.values[at] ?? values[at])),
      figure(facts.usdPerHour),
      duration(result.first_token_latency.p99),
      duration(result.time_per_output_token.p99),
      figure(candidate.engine.maxBatchSize),
      figure(candidate.engine.maxBatchedTokens),
    ]),
  ])
}

function why(question: OptimizeQuestion, answer: OptimizeAnswer): string {
  return whyText(question, answer)
    .map((line) => `${line}\n`)
    .join('')
}

/** Why the next best lost, and what kept a better one from being the best. */
function whyText(
  { objectives }: OptimizeQuestion,
  { best, runnerUp, nearMiss }: OptimizeAnswer,
): string[] {
  const lines: string[] = []
  const [objective] = objectives
  if (objective === undefined) return lines
  const valueOf = (one: Contender): number => one.confirmed?.values[0] ?? one.values[0] ?? NaN
  if (best !== undefined && runnerUp !== undefined) {
    const own = valueOf(best)
    const other = valueOf(runnerUp)
    const apart = Math.abs(other / own - 1)
    lines.push(
      `Runner-up: ${candidateLabel(runnerUp.candidate)} lost with ${objective.label} of ` +
        `${objective.format(other)} against ${objective.format(own)}` +
        (apart < 5e-4
          ? ', next to no difference'
          : `, ${percent(apart)} ${objective.better === 'less' ? 'more' : 'less'}`) +
        limitOf(runnerUp),
    )
  }
  if (nearMiss !== undefined)
    lines.push(
      `Better in ${objective.label} (${objective.format(valueOf(nearMiss))}), but out: ` +
        `${candidateLabel(nearMiss.candidate)}, whose ${nearMiss.confirmed?.reason ?? nearMiss.reason}`,
    )
  return lines
}

function limitOf({ confirmed, reason }: Contender): string {
  return `; its ${confirmed?.reason ?? reason}`
}

function limits({ targets }: OptimizeQuestion): string {
  return targets.length === 0 ? 'the constraints' : targets.map(sloText).join(', ')
}
