/** The report, opened in a browser as a reader would. */
import { figureWithUnit, resultFigures } from '@llmsim/metrics'
import axe from 'axe-core'
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../../../scripts/chromium.mjs'
import { llmsim } from './testing/captured-io.js'

const program = chromiumPath()
const trace = fileURLToPath(
  new URL('../../../../shared/traces/AzureLLMInferenceTrace_conv.csv', import.meta.url),
)
const minutes = 60_000

let browser: Browser | undefined
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'llmsim-page-'))
  if (program === undefined) return
  // A sandbox cannot be made by root; the page is ours.
  browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
}, minutes)

afterAll(async () => {
  await browser?.close()
})

const run = async (line: string): Promise<void> => {
  const { code, stderr } = await llmsim(line.split(' '), folder)
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

const jsonOf = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(folder, file), 'utf8'))

interface Visit {
  readonly page: Page
  /** What a reader should not see: messages of the console, errors, requests to elsewhere. */
  readonly complaints: string[]
}

async function visit(file: string, width: number, colorScheme: 'light' | 'dark'): Promise<Visit> {
  const viewport = { width, height: 900 }
  const page = await browser!.newPage({ viewport, colorScheme })
  const complaints: string[] = []
  const address = pathToFileURL(path.join(folder, file)).href
  page.on('console', (message) => complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url() !== address) complaints.push(`request: ${request.url()}`)
  })
  await page.goto(address)
  return { page, complaints }
}

/** The figures that a page shows: path, value and text. */
async function figuresOf(page: Page): Promise<{ path: string; value: number; text: string }[]> {
  const found = await page.locator('data[data-figure]').all()
  return await Promise.all(
    found.map(async (figure) => ({
      path: (await figure.getAttribute('data-figure')) ?? '',
      value: Number(await figure.getAttribute('value')),
      text: (await figure.textContent()) ?? '',
    })),
  )
}

/** Rules that the page breaks, each with the first element that does. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<axe.AxeResults>('axe.run()')
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
}

/** Everything that folds is unfolded, so that it is looked at too. */
async function unfold(page: Page): Promise<void> {
  await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true')
}

type Look = readonly [width: number, scheme: 'light' | 'dark']

/** Every width on both grounds. */
const allLooks: readonly Look[] = [375, 768, 1280].flatMap((width): Look[] => [
  [width, 'light'],
  [width, 'dark'],
])

/** Looks at a page in several widths and on both grounds, and leaves a picture of each. */
async function expectGoodPage(file: string, looks: readonly Look[]): Promise<void> {
  const grounds = new Map<string, string>()
  for (const [width, scheme] of looks) {
    const { page, complaints } = await visit(file, width, scheme)
    const at = `${file} at ${width} pixels, ${scheme}`
    expect(await page.evaluate('document.documentElement.scrollWidth'), at).toBe(width)
    const picture = path.join(folder, `${file}-${width}-${scheme}.png`)
    await page.screenshot({ path: picture, fullPage: true })
    expect(statSync(picture).size, at).toBeGreaterThan(50_000)
    // Narrow charts are drawings of their own, not small ones: no text is squeezed.
    const scales = await page.evaluate<number[]>(`[...document.querySelectorAll('.plot svg')]
      .map((drawing) => drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width)
      .filter((scale) => scale > 0)`)
    expect(scales.length, at).toBe(await page.locator('figure').count())
    for (const scale of scales) expect(scale, at).toBeGreaterThan(0.7)
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    grounds.set(scheme, String(ground))
    await unfold(page)
    expect(await page.evaluate('document.documentElement.scrollWidth'), at).toBe(width)
    // What a rule says of one width and ground goes for the one between.
    if (width !== 768) expect(await violations(page), at).toEqual([])
    expect(complaints, at).toEqual([])
    await page.close()
  }
  expect(grounds.get('light')).not.toBe(grounds.get('dark'))
}

describe.skipIf(program === undefined)('the report in a browser (skipped without chromium)', () => {
  it.skipIf(!existsSync(trace))(
    'shows the Azure conversation trace on 4 replicas, with the figures of the results file',
    { timeout: 5 * minutes },
    async () => {
      await run(
        `--model llama3-70b --xpu h100 --tp 4 --n-nodes 2 --n-xpus-per-node 8 --trace ${trace} ` +
          '--slo-ttft 500 --slo-tpot 50 --quiet --output conv.json --report conv.html',
      )
      const results = jsonOf('conv.json')
      expect(results.completed_requests).toBe(19_366)
      expect((results.pools as { replicas: number }[])[0]?.replicas).toBe(4)

      const { page } = await visit('conv.html', 1280, 'light')
      const expected = resultFigures(results)
      const figures = await figuresOf(page)
      expect(figures.length).toBeGreaterThan(50)
      for (const { path: at, value, text } of figures) {
        expect(value, at).toBe(expected.get(at))
        expect(text.trim(), at).toBe(figureWithUnit(at, value))
      }
      const shown = new Set(figures.map((figure) => figure.path))
      for (const at of [
        'throughput.tokens_per_sec',
        'first_token_latency.p50',
        'first_token_latency.p99',
        'time_per_output_token.p50',
        'end_to_end_latency.p99',
        'xpu_utilization',
        'goodput.attainment',
        'cost.usd_per_million_tokens',
        'energy.joules_per_output_token',
        'completed_requests',
      ])
        expect(shown, at).toContain(at)
      expect(await page.locator('h1').textContent()).toContain('llama3-70b on 16 × h100-80gb')
      expect(await page.locator('.missing').count()).toBe(0)

      // The data behind a chart are those of the file.
      await page.locator('#chart-replicas summary').click()
      const rows = await page.locator('#chart-replicas tbody tr').allInnerTexts()
      const pools = results.pools as { per_replica: { requests: number }[] }[]
      const perReplica = pools[0]!.per_replica.map(({ requests }) => requests)
      expect(rows.map((row) => Number(row.split('\t')[1]?.replace(',', '')))).toEqual(perReplica)
      expect(JSON.parse((await page.locator('#results').textContent()) ?? '')).toEqual([
        { label: 'this run', results },
      ])
      await page.close()
      await expectGoodPage('conv.html', allLooks)
    },
  )

  it('compares several, with names that are markup', { timeout: 5 * minutes }, async () => {
    const name = '</script><img src=x onerror="alert(1)"><script>alert(2)</script>'
    writeFileSync(
      path.join(folder, 'scenario.json'),
      JSON.stringify({
        name,
        model: 'llama3-8b',
        cluster: { xpu: 'h100' },
        workload: { arrival_rate: 4, num_requests: 60 },
      }),
    )
    await run('--config scenario.json --quiet --replications 2 --time-series --output a.json')
    await run('--config scenario.json --xpu mi300x --quiet --output b.json')
    await run(
      '--model llama2-70b --arrival-rate 4 --num-requests 60 --disaggregated --prefill-xpu ' +
        'a100-80gb --prefill-n-xpus 4 --prefill-tp 4 --decode-xpu mi300x --decode-n-xpus 8 ' +
        '--decode-tp 8 --transfer-bandwidth 400 --quiet --time-series --output c.json',
    )
    await run('report a.json b.json c.json --output several.html')
    const { page } = await visit('several.html', 1280, 'dark')
    const headings = await page.locator('#figures thead th').allInnerTexts()
    expect(headings).toEqual(['Figure', 'a', 'b', 'c'])
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('#scenario').innerText()).toContain(name)
    await page.close()
    await expectGoodPage('several.html', [
      [375, 'light'],
      [1280, 'dark'],
    ])

    await run('report a.json --output alone.html')
    const alone = await visit('alone.html', 768, 'light')
    expect(await alone.page.locator('h1').innerText()).toBe(name)
    expect(alone.complaints).toEqual([])
    await alone.page.close()
  })

  it('can be read with the keyboard alone', { timeout: 2 * minutes }, async () => {
    await run(
      '--model llama3-8b --xpu h100 --arrival-rate 4 --num-requests 60 --quiet --report k.html',
    )
    const { page, complaints } = await visit('k.html', 1280, 'light')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the figures')
    await page.keyboard.press('Enter')
    expect(page.url()).toMatch(/#figures$/)
    const data = page.locator('#chart-ttft-cdf details')
    await data.locator('summary').focus()
    await page.keyboard.press('Enter')
    expect(await data.locator('table').isVisible()).toBe(true)
    // A table that scrolls can be scrolled by its keys.
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      'Data of Time to first token (TTFT)',
    )
    expect(complaints).toEqual([])
    await page.close()
  })
})
