import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim, type Outcome } from './testing/captured-io.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
const run = (line: string): Promise<Outcome> => llmsim(line.split(' '), cwd)

describe('nodes', () => {
  const line = '--model llama3.1-405b --xpu h100 --tp 16 --duration 2 --format json'

  it('have the usual size unless told otherwise', async () => {
    const { stdout, stderr } = await run(line)
    expect(JSON.parse(stdout).scenario.cluster).toMatchObject({ n_xpus_per_node: 8, n_nodes: 2 })
    expect(stderr).not.toContain('comes in nodes')
  })

  it('that are larger than usual are simulated, with a warning', async () => {
    const { code, stdout, stderr } = await run(`${line} --n-xpus-per-node 16`)
    expect(code).toBe(0)
    expect(stderr).toContain('warning: h100-80gb comes in nodes of 8 devices')
    const split = JSON.parse((await run(line)).stdout)
    expect(JSON.parse(stdout).inter_token_latency.p50).toBeLessThan(split.inter_token_latency.p50)
  })

  it('of the usual size make up pools too', async () => {
    const pools = '--disaggregated --model llama3.1-405b --xpu h100 --tp 16 --duration 2'
    const { disaggregation } = JSON.parse((await run(`${pools} --format json`)).stdout).scenario
    expect(disaggregation.prefill).toMatchObject({ n_xpus: 16, n_xpus_per_node: 8 })
    expect(disaggregation.decode).toMatchObject({ n_xpus: 16, n_xpus_per_node: 8 })
  })
})

describe('KV blocks', () => {
  const line = '--model llama3-8b --xpu h100 --arrival-rate 4 --duration 20 --format json'

  it('are those that the memory holds unless told otherwise', async () => {
    const measured = JSON.parse((await run(line)).stdout)
    const told = JSON.parse((await run(`${line} --num-gpu-blocks-override 400`)).stdout)
    expect(measured.kv_cache.total_blocks).toBeGreaterThan(10_000)
    expect(told.kv_cache.total_blocks).toBe(400)
    expect(told.kv_cache.peak_used_blocks).toBeLessThanOrEqual(400)
    expect(told.preemptions).toBeGreaterThan(0)
    expect(told.scenario.engine.num_gpu_blocks_override).toBe(400)
  })
})
