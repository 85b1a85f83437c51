import { nearNames, SimulatorError } from '@llmsim/contracts'
import { engineName, pointColumns, type MeasuredPoint } from './measured-point.js'

interface PointFilter {
  readonly text: string
  readonly column: keyof MeasuredPoint
  readonly value: string
}

/** The measurements whose columns hold what each `column=value` asks for. Throws `SimulatorError` where none do. */
export function chosenPoints(
  points: readonly MeasuredPoint[],
  texts: readonly string[],
): readonly MeasuredPoint[] {
  const filters = texts.map(parsed)
  for (const filter of filters) requireMatch(points, filter)
  const chosen = points.filter((point) => filters.every((filter) => matches(point, filter)))
  if (chosen.length > 0 || filters.length === 0) return chosen
  throw new SimulatorError({
    code: 'CONFLICT',
    path: '--filter',
    message: 'each matches measurements, and no measurement matches all of them',
    given: texts.join(' '),
    accepted: 'filters that some measurement matches',
  })
}

function parsed(text: string): PointFilter {
  const at = text.indexOf('=')
  const column = text.slice(0, at)
  if (at <= 0)
    throw new SimulatorError({
      code: 'INVALID_VALUE',
      path: '--filter',
      message: 'is no column and its value',
      given: text,
      accepted: 'column=value, as hardware=h100-80gb',
    })
  if (!pointColumns.includes(column))
    throw new SimulatorError({
      code: 'UNKNOWN_NAME',
      path: '--filter',
      message: 'unknown column',
      given: column,
      accepted: pointColumns.join(', '),
      nearest: nearNames(column, pointColumns),
    })
  const value = text.slice(at + 1)
  return {
    text,
    column: column as keyof MeasuredPoint,
    value: column === 'engine' ? engineName(value) : value,
  }
}

/** Values that are named where none matches: enough to see what is there. */
const mostNamed = 12

function requireMatch(points: readonly MeasuredPoint[], filter: PointFilter): void {
  const { text, column, value } = filter
  if (points.some((point) => matches(point, filter))) return
  const values = [...new Set(points.map((point) => valueOf(point, column)))].filter(
    (each) => each !== '',
  )
  const more = values.length > mostNamed ? `, and ${values.length - mostNamed} more` : ''
  throw new SimulatorError({
    code: 'UNKNOWN_NAME',
    path: '--filter',
    message: 'no measurement matches',
    given: text,
    accepted:
      values.length === 0
        ? `another column, since no measurement has ${column}`
        : `${column}=VALUE, of ${values.slice(0, mostNamed).join(', ')}${more}`,
    nearest: nearNames(value, values),
  })
}

function matches(point: MeasuredPoint, { column, value }: PointFilter): boolean {
  return valueOf(point, column) === value
}

function valueOf(point: MeasuredPoint, column: keyof MeasuredPoint): string {
  return String(point[column] ?? '')
}
