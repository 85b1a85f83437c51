import { parseWith } from '@llmsim/catalog'
import { isSimulatorError, Scenario, type ErrorCode } from '@llmsim/contracts'
import type { Executor } from '@llmsim/planner'
import type { Registries } from '../registries.js'
import type { PlainObject } from '../scenario/assignments.js'
import { resolveScenario } from '../scenario/resolve-scenario.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import type { Journal } from './journal.js'
import type { PointCache } from './point-cache.js'
import { problemOf } from './point-evaluator.js'
import { outcomeOf, type OutcomeText, type PointOutcome, type StudyContext } from './point-job.js'
import { PointKeys } from './point-key.js'
import type { PointExecutor } from './thread-executor.js'

/** What a point came to, and the scenario behind it, as far as it could be resolved. */
export interface StudyPoint {
  readonly outcome: PointOutcome
  readonly scenario: ResolvedScenario | undefined
}

export interface StudyParts {
  readonly context: StudyContext
  readonly registries: Registries
  readonly executor: PointExecutor
  readonly journal?: Journal | undefined
  readonly cache?: PointCache | undefined
  /** Outcomes of finished points by their key, beside those of journal and cache. */
  readonly known?: ReadonlyMap<string, OutcomeText>
}

/** Mistakes that every point of a study shares: it is refused, and not run to a table of errors. */
const mistakes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNKNOWN_FIELD',
  'UNKNOWN_NAME',
  'INVALID_VALUE',
  'FILE',
  'DUPLICATE_NAME',
])

/**
 * Evaluates scenarios: looks each up among those that are finished, simulates it where it is not there,
 * and keeps it. An executor of scenarios as they are written.
 */
export class Study implements Executor<PlainObject, StudyPoint> {
  /** Points that were simulated, and those that were finished before. */
  readonly counts = { simulated: 0, known: 0 }
  readonly concurrency: number
  private readonly keys: PointKeys
  private readonly running = new Map<string, Promise<OutcomeText>>()

  constructor(private readonly parts: StudyParts) {
    this.concurrency = parts.executor.concurrency
    this.keys = new PointKeys(parts.context, parts.registries)
  }

  get registries(): Registries {
    return this.parts.registries
  }

  get context(): StudyContext {
    return this.parts.context
  }

  /** Fills in the defaults of a scenario. Throws `SimulatorError`. */
  resolve(scenario: PlainObject): ResolvedScenario {
    const { registries, context } = this.parts
    return resolveScenario(parseWith(Scenario, scenario, { path: '' }), registries, context.folders)
  }

  /** What a scenario comes to. Throws `SimulatorError` for a mistake; what does not fit is an outcome. */
  async evaluate(scenario: PlainObject): Promise<StudyPoint> {
    const resolved = this.resolved(scenario)
    if ('outcome' in resolved) return resolved
    const text = await this.outcomeText(resolved.scenario)
    return { outcome: outcomeOf(text), scenario: resolved.scenario }
  }

  /** What a scenario came to, where it is finished already; nothing is simulated. */
  async lookUp(scenario: PlainObject): Promise<PointOutcome | undefined> {
    const resolved = this.resolved(scenario)
    if ('outcome' in resolved) return resolved.outcome
    const text = this.known(await this.keys.of(resolved.scenario))
    return text === undefined ? undefined : outcomeOf(text)
  }

  async close(): Promise<void> {
    const { executor, journal, cache } = this.parts
    await executor.close()
    await journal?.close()
    await cache?.close()
  }

  private resolved(
    scenario: PlainObject,
  ): { readonly scenario: ResolvedScenario } | (StudyPoint & { readonly scenario: undefined }) {
    try {
      return { scenario: this.resolve(scenario) }
    } catch (error) {
      if (!isSimulatorError(error) || mistakes.has(error.code)) throw error
      return { outcome: { error: problemOf(error) }, scenario: undefined }
    }
  }

  private known(key: string): OutcomeText | undefined {
    const { journal, cache, known } = this.parts
    return journal?.outcomes.get(key) ?? cache?.get(key) ?? known?.get(key)
  }

  private async outcomeText(scenario: ResolvedScenario): Promise<OutcomeText> {
    const key = await this.keys.of(scenario)
    const known = this.known(key)
    if (known !== undefined) {
      this.counts.known++
      if (this.parts.journal?.outcomes.has(key) === false)
        await this.parts.journal.append(key, known)
      return known
    }
    const running = this.running.get(key)
    if (running !== undefined) return await running
    const simulating = this.simulate(key, scenario)
    this.running.set(key, simulating)
    try {
      return await simulating
    } finally {
      this.running.delete(key)
    }
  }

  private async simulate(key: string, scenario: ResolvedScenario): Promise<OutcomeText> {
    const { context, executor, journal, cache } = this.parts
    // A resolved scenario is a scenario.
    const text = await executor.evaluate({ context, scenario, resolved: true })
    this.counts.simulated++
    await journal?.append(key, text)
    await cache?.append(key, text)
    return text
  }
}
