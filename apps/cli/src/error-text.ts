import { sentenceOf } from './scenario/field-origins.js'
import type { SimulatorError } from '@llmsim/contracts'

/** An error as a user reads it: what was wrong, what would do, which names are near. */
export function errorText(error: SimulatorError): string {
  const { path, accepted, nearest } = error
  const end = accepted !== undefined ? `; accepted: ${accepted}` : nearestWords(nearest)
  const at = end === '' ? -1 : error.message.lastIndexOf(end)
  const head = at > 0 ? error.message.slice(0, at) : `${path}: ${sentenceOf(error)}`
  return [
    `error: ${oneLine(head)}`,
    ...(accepted === undefined ? [] : [`  accepted: ${oneLine(accepted)}`]),
    ...(nearest.length === 0 ? [] : [`  did you mean ${nearest.join(', ')}?`]),
    '',
  ].join('\n')
}

function nearestWords(nearest: readonly string[]): string {
  return nearest.length === 0 ? '' : '; did you mean '
}

function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- what a terminal must not be sent
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
