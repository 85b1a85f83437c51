/** A flag that sets a field of a scenario. */
export interface ScenarioFlag {
  readonly flag: string
  /** Another spelling. */
  readonly alias?: string
  /** What the value is called in the help; absent: the flag takes none and sets `true`. */
  readonly argument?: string
  /** Dotted path of the field that it sets. */
  readonly field: string
  readonly kind: 'number' | 'integer' | 'text' | 'boolean' | 'objective' | 'window'
  readonly description: string
  /** Heading in the help. */
  readonly group: string
  /** Fields of a scenario file that this flag takes out, because they say the same in another way. */
  readonly replaces: readonly string[]
}

export type Row = Omit<ScenarioFlag, 'group'>

/** Makes a row; `usage` is the flag, its other spelling and its argument: `--xpu --hardware NAME`. */
export type RowMaker = (
  usage: string,
  field: string,
  description: string,
  replaces?: string[],
) => Row

function rows(kind: ScenarioFlag['kind']): RowMaker {
  return (usage, field, description, replaces = []) => {
    const words = usage.split(' ')
    const [flag = '', alias] = words.filter((word) => word.startsWith('--'))
    const argument = words.find((word) => !word.startsWith('--'))
    return {
      flag,
      ...(alias === undefined ? {} : { alias }),
      ...(argument === undefined ? {} : { argument }),
      field,
      kind,
      description,
      replaces,
    }
  }
}

export const number: RowMaker = rows('number')
export const integer: RowMaker = rows('integer')
export const text: RowMaker = rows('text')
export const boolean: RowMaker = rows('boolean')
export const objective: RowMaker = rows('objective')
export const window: RowMaker = rows('window')

export function group(heading: string, rows: readonly Row[]): ScenarioFlag[] {
  return rows.map((row) => ({ ...row, group: heading }))
}
