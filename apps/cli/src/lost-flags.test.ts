import { expect, it } from 'vitest'
import { lostFlagsHint } from './lost-flags.js'
import { main } from './main.js'

const hint = '  put -- before the flags: npm run llmsim -- --model …\n'
const env = { npm_config_model: 'true', npm_config_tp: 'true', npm_lifecycle_event: 'llmsim' }

it('knows flags that npm kept for itself', () => {
  expect(lostFlagsHint(['llama2-70b', '8'], env)).toBe(hint)
  expect(lostFlagsHint([], { npm_config_model: 'llama2-70b' })).toBe(hint)
  expect(lostFlagsHint(['4'], { npm_config_n_nodes: 'true' })).toContain('-- --n-nodes …')
})

it('says nothing where flags arrive, or where npm kept none', () => {
  expect(lostFlagsHint(['llama2-70b', '--tp', '8'], env)).toBe('')
  expect(lostFlagsHint(['foo'], { npm_config_cache: 'x', npm_config_user_agent: 'y' })).toBe('')
})

it.each([[['llama2-70b', '8']], [[]]])('hints at it below the error: %j', async (argv) => {
  let stderr = ''
  const io = {
    stdout: () => undefined,
    stderr: (text: string) => void (stderr += text),
    ...{ cwd: '/', env, stdoutIsTerminal: false, stderrIsTerminal: false },
  }
  expect(await main(argv, io)).toBe(2)
  expect(stderr).toMatch(/^error: /)
  expect(stderr.endsWith(hint)).toBe(true)
})
