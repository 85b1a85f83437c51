import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadScenario } from './load-scenario.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-'))
const scenario = {
  model: 'llama3-8b',
  cluster: { xpu: 'h100', n_xpus_per_node: 4, n_nodes: 1 },
  parallelism: { tensor_parallel_size: 1, data_parallel_size: 4 },
}
writeFileSync(path.join(folder, 'results.json'), JSON.stringify({ total_requests: 3, scenario }))
writeFileSync(path.join(folder, 'scenario.json'), JSON.stringify(scenario))

describe('loadScenario', () => {
  const replicas = (config: string, ...set: string[]): number | undefined =>
    loadScenario({ config, set }, folder).scenario.parallelism?.data_parallel_size
  const prefill = 'disaggregation.prefill.n_xpus=2'
  const decode = 'disaggregation.decode.n_xpus=2'

  it('leaves out the replicas that results filled in where each pool says its devices', () => {
    expect(replicas('results.json', prefill, decode)).toBeUndefined()
    expect(replicas('results.json', prefill)).toBe(4)
    expect(replicas('results.json', prefill, decode, 'disaggregation.enabled=false')).toBe(4)
  })

  it('keeps those that a person wrote', () => {
    expect(replicas('scenario.json', prefill, decode)).toBe(4)
    const asked = 'parallelism.data_parallel_size=3'
    expect(replicas('results.json', prefill, decode, asked)).toBe(3)
  })
})
