import type { Accelerator } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { h100, mi300x, v100 } from '../test/fixtures.js'
import { datasheetCalibration } from './datasheet-calibration.js'
import { transferCalibration } from './transfer-calibration.js'

const known = [h100, mi300x, v100]
const calibrations = known.map((accelerator) => datasheetCalibration(accelerator))
const datasheets = new Map(known.map((accelerator) => [accelerator.name, accelerator]))

const transfer = (accelerator: Accelerator) =>
  transferCalibration(accelerator, calibrations, datasheets)

describe('a calibration', () => {
  it('is taken as it is where there is one', () => {
    expect(transfer(h100)).toMatchObject({ from: 'h100-80gb', exact: true })
  })

  it('comes from the nearest relative otherwise', () => {
    const h200 = { ...h100, name: 'h200', memory_bandwidth_bytes_per_s: 4.8e12 }
    const own = transfer(h200)
    expect(own).toMatchObject({ from: 'h100-80gb', exact: false })
    expect(own?.calibration.name).toBe('h200')
    const mi210 = { ...mi300x, name: 'mi210', generation: 'cdna2' }
    expect(transfer(mi210)?.from).toBe('mi300x')
    expect(transfer(mi210)?.expectedErrorPercent).toBeGreaterThan(own?.expectedErrorPercent ?? 99)
    const stranger = { ...h100, name: 'tpu', vendor: 'google', generation: 'tpu-v9' }
    expect(transfer(stranger)).toMatchObject({ from: 'h100-80gb', exact: false })
  })

  it('comes from the generation of which it is a refresh, and states what was measured of it', () => {
    const b200 = { ...h100, name: 'b200', generation: 'blackwell' }
    const ultra = { ...b200, name: 'b300', generation: 'blackwell-ultra' }
    const all = new Map([...datasheets, ['b200', b200]])
    const own = datasheetCalibration(b200)
    expect(transferCalibration(ultra, [...calibrations, own], all)?.from).toBe('b200')
    const stated = { ...own, relatives: { b300: { error_percent: 6 } } }
    expect(transferCalibration(ultra, [stated], all)?.expectedErrorPercent).toBe(6)
  })

  it('is missing where nothing is known', () => {
    expect(transferCalibration(h100, [])).toBeUndefined()
  })
})
