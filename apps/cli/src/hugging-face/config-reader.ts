import { SimulatorError } from '@llmsim/contracts'

/** Reads fields of a `config.json` by name; every method throws `SimulatorError` at the field. */
export class ConfigReader {
  constructor(
    readonly fields: Readonly<Record<string, unknown>>,
    private readonly path: string,
  ) {}

  /** Whether the field is there and not null. */
  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  value(name: string): unknown {
    if (!Object.hasOwn(this.fields, name)) return undefined
    return this.fields[name] ?? undefined
  }

  /** A positive whole number under the first of the names that is there. */
  count(names: string | readonly string[], standIn?: number): number {
    const list = typeof names === 'string' ? [names] : names
    const name = list.find((candidate) => this.has(candidate))
    if (name === undefined) {
      if (standIn !== undefined) return standIn
      throw this.refusal(list[0] ?? '', 'is required', undefined, 'a positive whole number')
    }
    const value = this.value(name)
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
    throw this.refusal(name, 'is not a size', value, 'a positive whole number')
  }

  /** A whole number from 0 up. */
  index(name: string, standIn: number): number {
    const value = this.value(name) ?? standIn
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
    throw this.refusal(name, 'is not a count', value, 'a whole number from 0 up')
  }

  flag(name: string, standIn: boolean): boolean {
    const value = this.value(name) ?? standIn
    if (typeof value === 'boolean') return value
    throw this.refusal(name, 'is not true or false', value, 'true or false')
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    return typeof value === 'string' ? value : undefined
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.value(name)
    return Array.isArray(value) ? (value as unknown[]) : undefined
  }

  /** The fields of an object in this one. */
  section(name: string): ConfigReader | undefined {
    const value = this.value(name)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return new ConfigReader(value as Record<string, unknown>, `${this.path}.${name}`)
  }

  /** The error of a field, to be thrown. */
  refusal(name: string, message: string, given: unknown, accepted: string): SimulatorError {
    return new SimulatorError({
      code: 'INVALID_VALUE',
      path: `${this.path}.${name}`,
      message,
      ...(given === undefined ? {} : { given }),
      accepted,
    })
  }
}
