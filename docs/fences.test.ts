/**
 * Every code fence of the documents works. `ts`, `js` and `mjs` are type-checked together and run;
 * `sh` runs; `json` and `yaml` parse and, where the fence says what they are, fit their schema.
 *
 * Behind the language a fence may say: `file=NAME`, under which the later ones of its document find it;
 * `scenario`, `model` or `accelerator`; and `text output`: what the shell fence before it prints,
 * written anew by `UPDATE_FINGERPRINTS=1`.
 */
import { parseWith } from '@llmsim/catalog'
import { Accelerator, Model, Scenario } from '@llmsim/contracts'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { documents, fencesOf, root, type Fence } from './testing/markdown-fence.js'
import { commandsOf, runCommand } from './testing/shell-command.js'
import { typeErrors } from './testing/type-check.js'

const code = new Set(['ts', 'js', 'mjs'])
const data = new Set(['json', 'yaml', 'csv'])
const other = new Set(['sh', 'text', 'console'])

/** Where fences become files: a `dist` folder is ignored by git, by the linter and by the formatter. */
const workplace = path.join(root, `docs/dist/fences-${process.pid}`)
const updating = process.env.UPDATE_FINGERPRINTS === '1'

function folderOf({ document }: Pick<Fence, 'document'>): string {
  return path.join(workplace, document.replace(/[/.]/g, '_'))
}

function fileOf(fence: Fence): string {
  return path.join(folderOf(fence), fence.file ?? `line-${fence.line}.${fence.language}`)
}

const fences = documents().flatMap(fencesOf)
for (const fence of fences) {
  const folder = folderOf(fence)
  mkdirSync(folder, { recursive: true })
  // Commands are written for the top of the repository.
  if (fences.find(({ document }) => document === fence.document) === fence)
    symlinkSync(path.join(root, 'examples'), path.join(folder, 'examples'), 'dir')
  if (!code.has(fence.language) && fence.file === undefined) continue
  mkdirSync(path.dirname(fileOf(fence)), { recursive: true })
  writeFileSync(fileOf(fence), `${fence.code}\n`)
}

afterAll(() => {
  rmSync(workplace, { recursive: true, force: true })
})

it('says of every fence what it holds', () => {
  const unknown = fences.filter(
    ({ language }) => !code.has(language) && !data.has(language) && !other.has(language),
  )
  expect(unknown.map(({ document, line }) => `${document}:${line}`)).toEqual([])
})

it('says what llmsim stands for where a command begins with it', () => {
  const silent = documents().filter((document) => {
    const begins = fencesOf(document).some(
      ({ language, code: text }) =>
        language === 'sh' && commandsOf(text).some((command) => command.startsWith('llmsim ')),
    )
    const text = readFileSync(path.join(root, document), 'utf8')
    return begins && !text.includes('`llmsim` stands for `npm run --silent llmsim --`')
  })
  expect(silent).toEqual([])
})

it('knows a command that would not run in a clone', async () => {
  for (const command of ['npx llmsim --version', 'npx @llmsim/cli --version', 'npx pnpm nothing'])
    await expect(runCommand(command, root), command).rejects.toThrow('nothing in this repository')
})

it('has the right types', () => {
  expect(typeErrors(fences.filter(({ language }) => code.has(language)).map(fileOf))).toEqual([])
}, 60_000)

/** What the last shell fence of a document printed. */
let printed = ''

for (const fence of fences) {
  const { document, line, language, marks } = fence
  const name = `${document}:${line} (${language})`
  if (code.has(language)) {
    const load = async (): Promise<void> => {
      await import(/* @vite-ignore */ pathToFileURL(fileOf(fence)).href)
    }
    // A fence with tests registers them here.
    if (fence.code.includes("from 'vitest'")) describe(name, load)
    else
      it(name, async () => {
        const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
        await load().finally(() => log.mockRestore())
      })
  } else if (language === 'sh')
    it(
      name,
      async () => {
        printed = ''
        for (const command of commandsOf(fence.code))
          printed += await runCommand(command, folderOf(fence))
      },
      60_000,
    )
  else if (marks.has('output'))
    it(name, () => {
      const now = printed.trimEnd()
      if (updating && now !== fence.code) replace(fence, now)
      else expect(now).toBe(fence.code)
    })
  else if (language === 'json' || language === 'yaml') it(name, () => checkData(fence))
}

function checkData({ language, marks, code: text }: Fence): void {
  const value: unknown = language === 'json' ? JSON.parse(text) : parse(text)
  if (marks.has('scenario')) parseWith(Scenario, value, { path: '' })
  if (marks.has('model')) parseWith(Model, value, { path: 'model' })
  if (marks.has('accelerator')) parseWith(Accelerator, value, { path: 'accelerator' })
}

/** Puts what is printed now into the document. */
function replace({ document, code: old }: Fence, now: string): void {
  const file = path.join(root, document)
  const fenced = (text: string): string => `\`\`\`text output\n${text === '' ? '' : `${text}\n`}`
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    text.replace(fenced(old), () => fenced(now)),
  )
}
