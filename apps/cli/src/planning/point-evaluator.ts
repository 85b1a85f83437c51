import { isSimulatorError, type SimulatorError } from '@llmsim/contracts'
import { simulate } from '@llmsim/simulator'
import { prepareRun } from '../prepared-run.js'
import { loadRegistries, type Registries } from '../registries.js'
import { sentenceOf } from '../scenario/field-origins.js'
import { resolveScenario } from '../scenario/resolve-scenario.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import { trafficOf, type Traffic } from '../traffic.js'
import type { OutcomeText, PointJob, PointOutcome, StudyContext } from './point-job.js'
import { rememberedTraffic, trafficKey } from './remembered-traffic.js'

/** Traces that a worker keeps in memory. */
const mostTraces = 4

/**
 * Simulates points one after another. Catalogs, plug-ins and traces are read once, not for each point.
 */
export class PointEvaluator {
  private readonly registries = new Map<string, Promise<Registries>>()
  private readonly traces = new Map<string, Traffic>()

  /** What a point comes to. An error of its scenario is its outcome; nothing else is caught. */
  async evaluate({ context, scenario, resolved: isResolved }: PointJob): Promise<OutcomeText> {
    try {
      const registries = await this.registriesOf(context)
      const resolved =
        isResolved === true
          ? (scenario as unknown as ResolvedScenario)
          : resolveScenario(scenario, registries, context.folders)
      const { spec, warnings } = await prepareRun(
        {
          scenario: resolved,
          registries,
          origins: () => undefined,
          folders: context.folders,
          inputs: [],
        },
        await this.trafficOf(resolved, context.folders),
      )
      const result = simulate(spec)
      return text({ result: { ...result, warnings: [...warnings, ...result.warnings] } })
    } catch (error) {
      if (!isSimulatorError(error)) throw error
      return text({ error: problemOf(error) })
    }
  }

  /** What the names of a study stand for; read at its first point. */
  registriesOf(context: StudyContext): Promise<Registries> {
    const key = JSON.stringify([context.catalog, context.plugin, context.cwd])
    const known = this.registries.get(key)
    if (known !== undefined) return known
    const loading = loadRegistries(context, context.cwd)
    this.registries.set(key, loading)
    return loading
  }

  private async trafficOf(
    scenario: ResolvedScenario,
    folders: readonly string[],
  ): Promise<Traffic> {
    const key = trafficKey(scenario, folders)
    if (key === undefined) return await trafficOf(scenario, folders)
    const known = this.traces.get(key)
    if (known !== undefined) return known
    const traffic = rememberedTraffic(await trafficOf(scenario, folders))
    const [oldest] = this.traces.keys()
    if (oldest !== undefined && this.traces.size >= mostTraces) this.traces.delete(oldest)
    this.traces.set(key, traffic)
    return traffic
  }
}

export function problemOf(error: SimulatorError): PointOutcome['error'] & object {
  return { code: error.code, path: error.path, message: sentenceOf(error) }
}

function text(outcome: PointOutcome): OutcomeText {
  return JSON.stringify(outcome)
}
