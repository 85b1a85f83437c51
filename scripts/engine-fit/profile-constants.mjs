/**
 * The constants of an engine profile that a search may change: where the field is, what is believed of it before any
 * row is seen (the same of every profile), and by which factor it may well be off.
 */
export const constants = [
  { field: ['step_s', 'decode'], start: 0.0005, freedom: 4 },
  { field: ['step_s', 'prefill'], start: 0.004, freedom: 4 },
  { field: ['layer_s', 'decode'], start: 1e-6, freedom: 2 },
  { field: ['rank_s'], start: 3e-5, freedom: 8 },
  { field: ['sequence_s'], start: 1e-5, freedom: 8 },
  { field: ['request_s'], start: 0.01, freedom: 4 },
  { field: ['request_serial_s'], start: 0.001, freedom: 2 },
  { field: ['prompt_token_serial_s'], start: 5e-6, freedom: 2 },
  { field: ['launch_s', 'dense'], start: 0.0005, freedom: 2 },
  { field: ['launch_s', 'experts'], start: 0.001, freedom: 2 },
]

/** Constants that a profile has: an old engine's says nothing of launches and front ends. */
export function constantsOf(profile) {
  return constants.filter(({ field }) => valueOf(profile, field) > 0)
}

export function valueOf(profile, [name, part]) {
  return (part === undefined ? profile[name] : profile[name]?.[part]) ?? 0
}

/** The profile with such values, rounded to two digits as those that are shipped. */
export function withConstants(profile, found, values) {
  const changed = structuredClone(profile)
  for (const [index, { field }] of found.entries()) {
    const [name, part] = field
    const value = Number(values[index].toPrecision(2))
    if (part === undefined) changed[name] = value
    else changed[name] = { ...changed[name], [part]: value }
  }
  return changed
}
