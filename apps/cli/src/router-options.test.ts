import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from './testing/captured-io.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-routers-'))
const run = (line: string): Promise<Outcome> =>
  llmsim(`--model tiny-1b --xpu l4 --num-requests 20 ${line}`.split(' '), cwd)

const pools = (first: string, second = ''): string =>
  `--set pools=[{"name":"a","role":"mixed","xpu":"l4","n_xpus":1${first}},{"name":"b","role":"mixed","xpu":"l4","n_xpus":1${second}}]`

describe('an option that no router has', () => {
  it.each([
    ['--router power-of-two --set router.options.signl=kv', 'router.options.signl', 'signal'],
    ['--router weighted --set router.options.queu_weight=1', 'router.options.queu_weight', 'queue'],
    ['--router round-robin --set router.options.foo=1', 'router.options.foo', 'no option'],
    [
      '--disaggregated --set disaggregation.prefill.router.options={"signl":"kv"}',
      'disaggregation.prefill.router.options.signl',
      'did you mean signal?',
    ],
    [
      '--disaggregated --set disaggregation.decode.router={"name":"consistent-hash","options":{"ky":"session"}}',
      'disaggregation.decode.router.options.ky',
      'did you mean key?',
    ],
    [
      pools('', ',"router":{"name":"session-sticky","options":{"max_session":2}}'),
      'pools[1].router.options.max_session',
      'did you mean max_sessions?',
    ],
    [
      `${pools('')} --set pool_router={"name":"prefix-affinity","options":{"cache_treshold":0.5}}`,
      'pool_router.options.cache_treshold',
      'did you mean cache_threshold?',
    ],
  ])('%s is refused', async (flags, field, told) => {
    const { code, stdout, stderr } = await run(flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`error: ${field}`)
    expect(stderr).toContain('nor of any other')
    expect(stderr).toContain(told)
  })

  it('is for a router of a plug-in to know, where it lists none', async () => {
    const router = (name: string, options: string): string =>
      `{ name: '${name}', description: 'first', ${options} create: () => ({ name: '${name}', route: () => 0 }) }`
    writeFileSync(
      path.join(cwd, 'plugin.mjs'),
      `export const routers = [${router('any', '')}, ${router('some', "options: ['depth'],")}]`,
    )
    const given = '--plugin ./plugin.mjs --set router.options.dept=1 --router'
    expect(await run(`${given} any`)).toMatchObject({ code: 0 })
    const { code, stderr } = await run(`${given} some`)
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean depth?')
  })

  it.each([
    [
      '--disaggregated --set disaggregation.decode.router={"name":"power-of-two","options":{"signal":"foo"}}',
      'disaggregation.decode.router.options.signal',
    ],
    [
      pools('', ',"router":{"name":"power-of-two","options":{"signal":"foo"}}'),
      'pools[1].router.options.signal',
    ],
    [
      `${pools('')} --set pool_router={"name":"power-of-two","options":{"signal":"foo"}}`,
      'pool_router.options.signal',
    ],
    [
      pools(',"router":{"name":"power-of-two"}', '') + ' --set router.options.signal=foo',
      'router.options.signal',
    ],
    [
      '--disaggregated --set disaggregation.prefill.scheduler={"name":"sarathi","options":{"chunk_size":-1}}',
      'disaggregation.prefill.scheduler.options.chunk_size',
    ],
  ])('%s has its value blamed where it stands', async (flags, field) => {
    const { code, stderr } = await run(flags)
    expect(code).toBe(2)
    expect(stderr.replace(/^error: /, '').split(/:| \(/, 1)).toEqual([field])
  })

  it('is not one of another router, beside which this one may be compared', async () => {
    expect(await run('--dp 2 --router round-robin --set router.options.signal=kv')).toMatchObject({
      code: 0,
    })
  })
})
