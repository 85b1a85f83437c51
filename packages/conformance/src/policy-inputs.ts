import { check } from './test-api.js'

/** The names of all fields of a contract, those that may be absent included. */
export type FieldsOf<T> = Readonly<Record<keyof T, true>>

/** How a policy is given what it may know. */
export interface PolicyInputs<T> {
  /** The value as the policy sees it. */
  give(value: T): T
}

/** The value itself, which fails the test where anything else is read of it, or anything written. */
export function guardedInputs<T extends object>(
  what: string,
  fields: FieldsOf<T>,
): PolicyInputs<T> {
  const refuse = (field: string | symbol, does: string): never => {
    throw new Error(`it ${does} ${String(field)} of the ${what}`)
  }
  return {
    give: (value) =>
      new Proxy(value, {
        get(target, field) {
          // What a runtime asks of any object, to print or to await it.
          if (typeof field === 'symbol' || field in Object.prototype || field === 'toJSON')
            return Reflect.get(target, field) as unknown
          check(
            Object.hasOwn(fields, field),
            () => `it reads ${field} of the ${what}, which nobody knows when it is asked`,
          )
          return Reflect.get(target, field) as unknown
        },
        has(target, field) {
          if (typeof field !== 'symbol')
            check(
              Object.hasOwn(fields, field),
              () => `it reads ${field} of the ${what}, which nobody knows when it is asked`,
            )
          return Reflect.has(target, field)
        },
        set: (_target, field) => refuse(field, 'writes'),
        defineProperty: (_target, field) => refuse(field, 'writes'),
        deleteProperty: (_target, field) => refuse(field, 'deletes'),
      }),
  }
}

/** A copy for each call, which stays as it is. */
export function freshInputs<T extends object>(): PolicyInputs<T> {
  return { give: (value) => ({ ...value }) }
}

/** One object for all calls, as the simulator has it: who keeps it sees it change. */
export function reusedInputs<T extends object>(): PolicyInputs<T> {
  const held = {} as T
  return {
    give(value) {
      for (const field of Object.keys(held)) Reflect.deleteProperty(held, field)
      return Object.assign(held, value)
    },
  }
}
