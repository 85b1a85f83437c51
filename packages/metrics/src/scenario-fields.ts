/** Every field of a scenario by its dotted path, with its value as text: strings bare, others as JSON. */
export function scenarioFields(scenario: object): Map<string, string> {
  const fields = new Map<string, string>()
  collect('', scenario)
  return fields

  function collect(path: string, value: unknown): void {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, below] of Object.entries(value))
        collect(path === '' ? key : `${path}.${key}`, below)
    } else if (value !== undefined)
      fields.set(path, typeof value === 'string' ? value : JSON.stringify(value))
  }
}
