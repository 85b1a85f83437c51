import { SimulatorError } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { policyFailure } from './policy-failure.js'

it('names the policy whose code failed, and keeps the cause', () => {
  const cause = new TypeError('x is not a function')
  const failure = policyFailure('scheduler mine', cause)
  expect(failure).toMatchObject({ code: 'CONTRACT', path: 'scheduler mine', cause })
  expect(failure.message).toContain('x is not a function')
})

it('leaves an error of our own kind as it is', () => {
  const error = new SimulatorError({ code: 'INVALID_VALUE', path: 'a', message: 'is wrong' })
  expect(policyFailure('router mine', error)).toBe(error)
})
