// `node bench/request-records.mjs`: requests simulated per second of processor time while each is written to a Parquet file,
// and the most memory that the process ever held, which must not grow with the number of requests.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const number = (value) => Math.round(value).toLocaleString('en-US')
const file = fileURLToPath(import.meta.url)

if (process.argv[2] !== undefined) await child(Number(process.argv[2]))
else {
  console.log(
    `requests per second of processor time, with a Parquet record of each, Node ${process.version}\n`,
  )
  const peaks = []
  for (const requests of [300_000, 1_000_000, 3_000_000]) {
    const { perSecond, plain, peakMib, sizeMib } = await measured(requests)
    peaks.push(peakMib)
    console.log(
      `${number(requests).padStart(9)} requests  ${number(perSecond).padStart(9)} requests/s ` +
        `(without a file ${number(plain)})  peak RSS ${number(peakMib)} MiB  file ${number(sizeMib)} MiB`,
    )
  }
  console.log(`\nten times the requests take ${(peaks[2] / peaks[0]).toFixed(2)} times the memory`)
}

/** In a process of its own, whose peak of memory is then its own. */
function measured(requests) {
  return new Promise((resolve, reject) => {
    const run = fork(file, [String(requests)])
    run.on('message', resolve)
    run.on('exit', (code) => {
      if (code !== 0) reject(new Error(`the run of ${requests} requests ended with ${code}`))
    })
  })
}

async function child(requests) {
  const { simulate } = await import('@llmsim/simulator')
  const { pool, specification } = await import('./deployments.mjs')
  const { tableFile } = await import('../apps/cli/dist/output/table-file.js')
  const { requestColumns } = await import('../apps/cli/dist/output/request-records.js')
  const { fileTarget } = await import('../apps/cli/dist/output/write-file.js')
  const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-bench-'))
  try {
    const seconds = async (count, name) => {
      const spec = specification([pool()], 5, count)
      const flag = '--requests-output'
      const table = name && (await tableFile(fileTarget(name, folder), flag, requestColumns(spec)))
      const start = process.cpuUsage()
      const row = (request) => table.row(request)
      simulate(table ? { ...spec, observer: { requestFinished: row, requestFailed: row } } : spec)
      table?.commit()
      // Of the processor: whatever else the machine does then counts little.
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1e6
    }
    await seconds(100_000, 'warm-up.parquet')
    const name = 'requests.parquet'
    const perSecond = requests / (await seconds(requests, name))
    const peakMib = process.resourceUsage().maxRSS / 1024
    const sizeMib = statSync(path.join(folder, name)).size / 2 ** 20
    const plain = requests / (await seconds(requests))
    process.send({ perSecond, plain, peakMib, sizeMib })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
