import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { textWriter } from './standard-streams.js'

function errorOf(code: string): Error {
  return Object.assign(new Error(`${code}: it did not work, write`), { code })
}

function attempt(stream: Writable): Promise<unknown[]> {
  const said: unknown[] = []
  return new Promise((resolve) => {
    const write = textWriter(
      'stdout',
      stream,
      (text) => said.push(text),
      (code) => {
        said.push(code)
        resolve(said)
      },
    )
    write('a')
    write('b')
  })
}

const failing = (code: string): Writable =>
  new Writable({ write: (_chunk, _encoding, done) => done(errorOf(code)) })

it('says in one line why what was to be printed is lost', async () => {
  const said = ['error: stdout: cannot be written (ENOSPC: it did not work)\n', 1]
  expect(await attempt(failing('ENOSPC'))).toEqual(said)
  const atOnce = new Writable()
  atOnce.write = () => {
    throw errorOf('ENOSPC')
  }
  expect(await attempt(atOnce)).toEqual(said)
})

it('ends quietly when the reader has gone', async () => {
  expect(await attempt(failing('EPIPE'))).toEqual([undefined])
})
