import { SimulatorError } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { errorText } from './error-text.js'
import { withPath } from './scenario/field-origins.js'

const error = new SimulatorError({
  code: 'UNKNOWN_NAME',
  path: 'model',
  message: 'is odd; given up',
  given: 'a; accepted: b',
  accepted: 'c; did you mean d?',
  nearest: ['e', 'f'],
})

it('puts what would do on lines of its own', () => {
  expect(errorText(error)).toBe(
    'error: model: is odd; given up; given "a; accepted: b"\n' +
      '  accepted: c; did you mean d?\n  did you mean e, f?\n',
  )
})

it('keeps everything else when the path changes', () => {
  expect(withPath(error, 'model (--model)').message).toBe(
    error.message.replace('model:', 'model (--model):'),
  )
})

it('sends no control characters to a terminal', () => {
  const path = 'a\u001b[31m\nb'
  expect(errorText(new SimulatorError({ code: 'FILE', path, message: 'x' }))).toBe(
    'error: a [31m b: x\n',
  )
})
