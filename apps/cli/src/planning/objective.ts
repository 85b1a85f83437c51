import { SimulatorError, nearNames, type SimulationResult } from '@llmsim/contracts'
import { dollars, figure } from '../output/figures.js'
import { usdPerMillionTokens, type CandidateFacts } from './candidate-facts.js'
import { studyFigure, valueAt, type StudyFigure } from './study-figure.js'

/** What a candidate is judged by. */
export interface Objective {
  readonly name: string
  readonly label: string
  readonly better: 'more' | 'less'
  readonly format: (value: number | null | undefined) => string
  /** The number of a candidate as a person reads it; null: it has none. */
  readonly value: (
    result: SimulationResult,
    devices: number,
    facts: CandidateFacts,
  ) => number | null
  /** The best that it can be. */
  readonly bound: (devices: number, facts: CandidateFacts) => number
}

/** A sum over so many devices, known before anything is simulated. */
const known = (
  name: string,
  label: string,
  format: Objective['format'],
  value: (devices: number, facts: CandidateFacts) => number,
): Objective => ({
  name,
  label,
  better: 'less',
  format,
  value: (_, devices, facts) => value(devices, facts),
  bound: value,
})

const objectives: readonly Objective[] = [
  measured('cost', 'cost', (_, facts) =>
    usdPerMillionTokens(facts.usdPerHour ?? Infinity, facts.tokensPerSecond),
  ),
  {
    name: 'goodput-per-device',
    label: 'goodput/device',
    better: 'more',
    format: figure,
    value: ({ goodput }, devices) => (goodput === null ? null : goodput.requests_per_sec / devices),
    bound: (devices, facts) => facts.requestsPerSecond / devices,
  },
  measured('goodput', 'goodput', (_, facts) => facts.requestsPerSecond),
  {
    name: 'throughput-per-device',
    label: 'tokens/s/device',
    better: 'more',
    format: figure,
    value: ({ throughput }, devices) => throughput.tokens_per_sec / devices,
    bound: (devices, facts) => facts.tokensPerSecond / devices,
  },
  measured('throughput', 'throughput', (_, facts) => facts.tokensPerSecond),
  measured('energy', 'energy', (_, facts) => facts.idleWatts / facts.tokensPerSecond),
  measured('ttft', 'ttft-p99', () => 0),
  measured('tpot', 'tpot-p99', (_, facts) => facts.tpotSeconds),
  measured('e2e', 'e2e-p99', () => 0),
  known('price', '$/h', dollars, (_, facts) => facts.usdPerHour ?? Infinity),
  known('devices', 'devices', figure, (devices) => devices),
  known('power', 'rated W', figure, (_, facts) => facts.ratedWatts),
]

/** An objective that is a figure of the result. */
function measured(name: string, of: string, bound: Objective['bound']): Objective {
  return fromFigure(name, studyFigure(of, '--objective'), bound)
}

function fromFigure(
  name: string,
  { path, label, better, format }: StudyFigure,
  bound: Objective['bound'],
): Objective {
  return { name, label, better, format, value: (result) => valueAt(result, path), bound }
}

/** The objectives of a list with commas. Throws `SimulatorError` at the flag. */
export function objectivesOf(list: string): Objective[] {
  return list.split(',').map((text) => {
    const name = text.trim()
    const found = objectives.find((objective) => objective.name === name)
    if (found !== undefined) return found
    try {
      const of = studyFigure(name, '--objective')
      return fromFigure(name, of, () => (of.better === 'less' ? 0 : Infinity))
    } catch {
      const names = objectives.map((objective) => objective.name)
      throw new SimulatorError({
        code: 'UNKNOWN_NAME',
        path: '--objective',
        message: 'is no objective',
        given: name,
        accepted: `one or several of ${names.join(', ')}, or a figure such as ttft-p50`,
        nearest: nearNames(name, names),
      })
    }
  })
}

/** An objective's number so that less is better; one that is missing is the worst. */
export function minimised({ better }: Objective, value: number | null): number {
  if (value === null || Number.isNaN(value)) return Infinity
  return better === 'less' ? value : -value
}
