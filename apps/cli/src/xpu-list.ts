import { FlagError } from './usage-error.js'

/** Checks the accelerators that `compare --xpu a,b,c` names. Throws `FlagError`. */
export function checkXpuList(text: unknown): void {
  if (typeof text !== 'string') return
  const names = text.split(',').map((name) => name.trim())
  if (names.length > 1 && names.includes(''))
    throw new FlagError({
      code: 'INVALID_VALUE',
      path: '--xpu',
      message: 'has a comma with no name before or after it',
      given: text,
      accepted: 'names with one comma between any two',
    })
  const lower = names.map((name) => name.toLowerCase())
  const twice = names.find((_, index) => lower.indexOf(lower[index] ?? '') < index)
  if (twice !== undefined)
    throw new FlagError({
      code: 'CONFLICT',
      path: '--xpu',
      message: `names ${twice} twice`,
      given: text,
      accepted: 'each accelerator once',
    })
}
