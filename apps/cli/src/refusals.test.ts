import { describe, expect, it } from 'vitest'
import { llmsim } from './testing/captured-io.js'

describe('a refusal names what was given and what would do', () => {
  it.each([
    ['--dp 4 --autoscale-min 9', 'autoscaling.min_replicas (--autoscale-min)', 'at most 4'],
    ['--dp 4 --autoscale-initial 9', 'autoscaling.initial_replicas (--autoscale-init', 'at most 4'],
    ['--dp 4 --autoscale-max 9', 'autoscaling.max_replicas (--autoscale-max)', 'at most 4'],
    ['--set admission.options.rate=4', 'admission.options.rate (--set)', 'no option'],
    ['--seed 1e30', 'random_seed (--seed)', 'an integer of at least 0, at most 9007199254740991'],
  ])('%s', async (flags, field, accepted) => {
    const line = `--model tiny-1b --xpu l4 --num-requests 20 ${flags}`
    const { code, stdout, stderr } = await llmsim(line.split(' '), '/')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`error: ${field}`)
    expect(stderr).toContain(`\n  accepted: ${accepted}\n`)
  })
})
