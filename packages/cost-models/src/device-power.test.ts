import { describe, expect, it } from 'vitest'
import { devicePower } from './device-power.js'
import { accelerators, h100 } from './test/fixtures.js'

describe('device power', () => {
  it('rises from idle over decode to prefill, within the limit', () => {
    for (const accelerator of accelerators) {
      const { idleWatts, decodeWatts, prefillWatts } = devicePower(accelerator)
      expect(idleWatts).toBe(accelerator.power.idle_w)
      expect(decodeWatts).toBeGreaterThan(idleWatts)
      expect(prefillWatts).toBeGreaterThan(decodeWatts)
      expect(prefillWatts).toBeLessThanOrEqual(accelerator.power.tdp_w)
    }
  })

  it('never draws less than idle', () => {
    const { decodeWatts } = devicePower({ ...h100, power: { tdp_w: 100, idle_w: 90 } })
    expect(decodeWatts).toBe(90)
  })
})
