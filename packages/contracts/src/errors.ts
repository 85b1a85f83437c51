/** What went wrong, as a machine can branch on it. */
export type ErrorCode =
  /** A value of the wrong type, sign or range. */
  | 'INVALID_VALUE'
  /** A field that the schema does not have. */
  | 'UNKNOWN_FIELD'
  /** A name that no catalog or registry has. */
  | 'UNKNOWN_NAME'
  /** Two entries of one name. */
  | 'DUPLICATE_NAME'
  /** Fields that are valid alone and contradict each other. */
  | 'CONFLICT'
  /** The model, its activations or one request do not fit into memory. */
  | 'DOES_NOT_FIT'
  /** A file that cannot be read, parsed or written. */
  | 'FILE'
  /** A scheduler, router or cost model that broke its contract. */
  | 'CONTRACT'

export interface ErrorDetails {
  readonly code: ErrorCode
  /** Dotted path of the field at fault: `cluster.xpu`, or a flag or file name. */
  readonly path: string
  /** What was wrong, in a sentence without the path. */
  readonly message: string
  /** What was given. */
  readonly given?: unknown
  /** What would be accepted, in words. */
  readonly accepted?: string
  /** For a name: the nearest known ones, nearest first. */
  readonly nearest?: readonly string[]
}

const brand = '@llmsim/SimulatorError'

/** The one error type that packages throw on bad input or a broken contract. */
export class SimulatorError extends Error {
  /** String-keyed, so that it survives two copies of this package. */
  readonly llmsim: string = brand
  readonly code: ErrorCode
  readonly path: string
  readonly given: unknown
  readonly accepted: string | undefined
  readonly nearest: readonly string[]

  constructor(details: ErrorDetails) {
    super(describe(details))
    this.name = 'SimulatorError'
    this.code = details.code
    this.path = details.path
    this.given = details.given
    this.accepted = details.accepted
    this.nearest = details.nearest ?? []
  }
}

/** Whether a caught value is this error, from any copy of this package. */
export function isSimulatorError(value: unknown): value is SimulatorError {
  return typeof value === 'object' && value !== null && 'llmsim' in value && value.llmsim === brand
}

function describe({ path, message, given, accepted, nearest }: ErrorDetails): string {
  const parts = [path === '' ? message : `${path}: ${message}`]
  if (given !== undefined) parts.push(`given ${preview(given)}`)
  if (accepted !== undefined) parts.push(`accepted: ${accepted}`)
  if (nearest !== undefined && nearest.length > 0) parts.push(`did you mean ${nearest.join(', ')}?`)
  return parts.join('; ')
}

/** A value as text, whatever it is: one that JSON cannot hold is named by its type. */
function written(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** A value in at most 60 characters, safe to print on one line. */
function preview(value: unknown): string {
  const text = written(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
