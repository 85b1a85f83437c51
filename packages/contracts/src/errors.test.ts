import { describe, expect, it } from 'vitest'
import { isSimulatorError, SimulatorError } from './errors.js'

describe('SimulatorError', () => {
  it('says path, fault, what was given, what would do and what is near, in one line', () => {
    const error = new SimulatorError({
      code: 'UNKNOWN_NAME',
      path: 'cluster.xpu',
      message: 'no accelerator has this name',
      given: 'h10',
      accepted: 'a catalog name',
      nearest: ['h100', 'h20'],
    })
    expect(error.message).toBe(
      'cluster.xpu: no accelerator has this name; given "h10"; accepted: a catalog name; ' +
        'did you mean h100, h20?',
    )
    expect(error.name).toBe('SimulatorError')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      code: 'UNKNOWN_NAME',
      path: 'cluster.xpu',
      given: 'h10',
      accepted: 'a catalog name',
      nearest: ['h100', 'h20'],
    })
  })

  it('leaves out what it was not told', () => {
    const error = new SimulatorError({ code: 'FILE', path: '', message: 'cannot be read' })
    expect(error.message).toBe('cannot be read')
    expect(error.given).toBeUndefined()
    expect(error.accepted).toBeUndefined()
    expect(error.nearest).toEqual([])
    const none = new SimulatorError({ code: 'FILE', path: 'a', message: 'b', nearest: [] })
    expect(none.message).toBe('a: b')
  })

  it.each([
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [Infinity, 'Infinity'],
    [12n, '12'],
    [null, 'null'],
    ['a\nb', '"a\\nb"'],
    [{ a: [1] }, '{"a":[1]}'],
    [false, 'false'],
    [Symbol('s'), 'Symbol(s)'],
  ])('shows the given %s on one line', (given, text) => {
    const { message } = new SimulatorError({ code: 'CONFLICT', path: 'p', message: 'm', given })
    expect(message).toBe(`p: m; given ${text}`)
  })

  it('cuts what was given to 60 characters', () => {
    const shown = (given: string): string =>
      new SimulatorError({ code: 'CONFLICT', path: '', message: 'm', given }).message.slice(9)
    expect(shown('x'.repeat(58))).toBe(`"${'x'.repeat(58)}"`)
    expect(shown('x'.repeat(59))).toBe(`"${'x'.repeat(56)}...`)
  })
})

describe('isSimulatorError', () => {
  it('knows an error of another copy of the package', () => {
    class Other extends Error {
      readonly llmsim = '@llmsim/SimulatorError'
    }
    expect(isSimulatorError(new Other('elsewhere'))).toBe(true)
    expect(isSimulatorError(new SimulatorError({ code: 'FILE', path: '', message: 'here' }))).toBe(
      true,
    )
  })

  it.each([
    [new Error('plain')],
    [null],
    [undefined],
    ['text'],
    [{ llmsim: 'another brand' }],
    [7],
  ])('does not take %s for one', (value) => {
    expect(isSimulatorError(value)).toBe(false)
  })
})
