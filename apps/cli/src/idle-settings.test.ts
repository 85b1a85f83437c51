import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

const folder = mkdtempSync(path.join(tmpdir(), 'llmsim-idle-'))
writeFileSync(
  path.join(folder, 'two.csv'),
  'arrived_at,num_prefill_tokens,num_decode_tokens\n0,100,5\n1,100,5\n',
)
writeFileSync(
  path.join(folder, 'senders.csv'),
  'arrived_at,num_prefill_tokens,num_decode_tokens,tenant_id\n0,100,5,a\n1,100,5,b\n',
)
const line = (flags: string) =>
  llmsim(`--xpu h100 --num-requests 5 --format json ${flags}`.split(' '), folder)
const llama = '--model llama3-8b'
const mixtral = '--model mixtral-8x7b --tp 4'
const tiers = '[{"name":"a","bandwidth_gbs":10},{"name":"a","bandwidth_gbs":10}]'

describe('settings that change nothing', () => {
  it.each([
    [`${llama} --enable-expert-parallel`, 'parallelism.enable_expert_parallel'],
    [`${llama} --all-to-all-backend deepep_low_latency`, 'parallelism.all_to_all_backend'],
    [
      `${llama} --disaggregated --set disaggregation.decode.enable_expert_parallel=true`,
      'disaggregation.decode.enable_expert_parallel',
    ],
    [`${llama} --set scheduler.options.order=fair`, 'workload.tenants'],
    [`${llama} --set scheduler.options.fair_input_weight=-1`, 'fair_input_weight'],
    [`${llama} --enable-prefix-caching --set engine.kv_tiers=${tiers}`, 'engine.kv_tiers[1].name'],
  ])('are refused where nothing can be meant: %s', async (flags, field) => {
    const { code, stdout, stderr } = await line(flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(field)
  })

  it.each([
    [`${mixtral} --all-to-all-backend deepep_low_latency`, '--ep 4', 'all_to_all_backend'],
    [`${llama} --set scheduler.options.order=lpm`, '--enable-prefix-caching', 'order lpm'],
    [`${llama} --shared-prefix-length 100`, '--enable-prefix-caching', 'shared_prefix_length'],
    [
      `${llama} --output-prediction-error 0.5`,
      '--set scheduler.options.order=sjf',
      'output_prediction_error',
    ],
    [
      `${llama} --set scheduler.options.order=fair --trace two.csv`,
      '--set workload.trace=senders.csv',
      'order fair',
    ],
  ])('are said where another setting gives them a meaning: %s', async (flags, other, told) => {
    const idle = await line(flags)
    expect(idle.code, idle.stderr).toBe(0)
    expect(idle.stderr).toContain(told)
    // Its results are a scenario as well, and say the same.
    writeFileSync(path.join(folder, 'results.json'), idle.stdout)
    const again = await llmsim('--config results.json --format json'.split(' '), folder)
    expect([again.code, again.stdout]).toEqual([0, idle.stdout])
    const used = await line(`${flags} ${other}`)
    expect(used.code, used.stderr).toBe(0)
    expect(used.stderr).not.toContain(told)
  })

  it('are said once of a comparison', async () => {
    const flags = `compare ${llama} --xpu h100 --num-requests 5 --schedulers greedy,vllm-v1 --shared-prefix-length 100`
    const { code, stderr } = await llmsim(flags.split(' '), folder)
    expect(code, stderr).toBe(0)
    expect(stderr.split('shared_prefix_length')).toHaveLength(2)
  })
})
