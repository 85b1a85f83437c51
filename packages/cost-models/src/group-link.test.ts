import type { Accelerator } from '@llmsim/contracts'
import { expect, it } from 'vitest'
import { groupLink } from './group-link.js'
import { h100 } from './test/fixtures.js'

const link = { bandwidthBytesPerSecond: 448e9, latencySeconds: 2e-6 }
const meshed: Accelerator = {
  ...h100,
  scale_up: { ...h100.scale_up, topology: 'mesh' },
  devices_per_node: 8,
}

it.each([
  [1, 448e9],
  [2, 64e9],
  [4, 192e9],
  [8, 448e9],
  [16, 448e9],
])('gives %d devices of a mesh of 8 the links among themselves', (ranks, bandwidth) => {
  expect(groupLink(meshed, link, ranks).bandwidthBytesPerSecond).toBeCloseTo(bandwidth, -3)
  expect(groupLink(meshed, link, ranks).latencySeconds).toBe(2e-6)
})

it('gives any group behind a switch all of the link', () => {
  expect(groupLink(h100, link, 2)).toBe(link)
})
