const plainKey = /^[A-Za-z_$][\w$-]*$/

/**
 * A field's path as messages print it: `cluster.n_nodes`, `stages[0].rate`, `labels["a b"]`.
 *
 * `prefix` is the path of the value that the keys start from; it may be empty.
 */
export function fieldPath(prefix: string, keys: readonly PropertyKey[]): string {
  let text = prefix
  for (const key of keys) {
    if (typeof key === 'number') text += `[${String(key)}]`
    else if (typeof key === 'symbol' || plainKey.test(key))
      text += `${text === '' ? '' : '.'}${String(key)}`
    else text += `[${JSON.stringify(key)}]`
  }
  return text
}

/** The own property of `value` under a chain of keys; inherited ones are never followed. */
export function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  let current = value
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key))
      return undefined
    current = (current as Record<PropertyKey, unknown>)[key]
  }
  return current
}

/**
 * The path of the first own key `__proto__` in plain objects and lists, which `JSON.parse` lets
 * through and which schemas skip without a word.
 */
export function prototypeKey(
  value: unknown,
  seen: Set<object> = new Set<object>(),
): PropertyKey[] | undefined {
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined
  seen.add(value)
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = prototypeKey(item, seen)
      if (found !== undefined) return [index, ...found]
    }
    return undefined
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return [key]
    const found = prototypeKey(valueAt(value, [key]), seen)
    if (found !== undefined) return [key, ...found]
  }
  return undefined
}
