import { parquetReadObjects } from 'hyparquet'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import type { TableColumn } from './table.js'
import { tableFile } from './table-file.js'
import { fileTarget } from './write-file.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const columns: TableColumn<number>[] = [
  { name: 'number', type: 'integer', of: (row) => row },
  { name: 'third', type: 'number', of: (row) => (row % 5 === 0 ? NaN : row / 3) },
  { name: 'text', type: 'text', of: (row) => (row === 2 ? null : `say "${row}", twice`) },
]

async function written(name: string, rows: number): Promise<Buffer> {
  const table = await tableFile(fileTarget(name, folder), '--requests-output', columns)
  for (let row = 0; row < rows; row++) table.row(row)
  table.commit()
  return readFileSync(path.join(folder, name))
}

it('writes CSV, with quotes where they are needed and nothing where a value is missing', async () => {
  const text = (await written('a.csv', 3)).toString()
  expect(text).toBe(
    `number,third,text\n0,,"say ""0"", twice"\n1,${1 / 3},"say ""1"", twice"\n2,${2 / 3},\n`,
  )
})

it('writes JSON lines, packed where the name says so', async () => {
  const lines = gunzipSync(await written('a.jsonl.gz', 3))
    .toString()
    .trim()
    .split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { number: 0, third: null, text: 'say "0", twice' },
    { number: 1, third: 1 / 3, text: 'say "1", twice' },
    { number: 2, third: 2 / 3, text: null },
  ])
})

it('writes Parquet in several row groups, which a reader reads back', async () => {
  const rows = 150_000
  const bytes = await written('a.parquet', rows)
  const file = new Uint8Array(bytes).buffer
  const read = await parquetReadObjects({ file })
  expect(read).toHaveLength(rows)
  for (const row of [0, 1, 2, 65_535, 65_536, 131_071, 131_072, rows - 1])
    expect(read[row]).toEqual({
      number: row,
      third: row % 5 === 0 ? null : row / 3,
      text: row === 2 ? null : `say "${row}", twice`,
    })
})

it('writes Parquet without any row', async () => {
  const file = new Uint8Array(await written('none.parquet', 0)).buffer
  expect(await parquetReadObjects({ file })).toEqual([])
})

it.each(['b.csv', 'b.jsonl', 'b.parquet'])(
  'leaves %s as it was when it is given up',
  async (name) => {
    writeFileSync(path.join(folder, name), 'old')
    const table = await tableFile(fileTarget(name, folder), '--requests-output', columns)
    for (let row = 0; row < 100_000; row++) table.row(row)
    table.abort()
    expect(readFileSync(path.join(folder, name), 'utf8')).toBe('old')
    expect(readdirSync(folder).filter((each) => each.endsWith('.tmp'))).toEqual([])
  },
)

it('refuses another ending', async () => {
  await expect(
    tableFile(fileTarget('a.xlsx', folder), '--requests-output', columns),
  ).rejects.toMatchObject({ code: 'FILE', path: '--requests-output', given: 'a.xlsx' })
})
