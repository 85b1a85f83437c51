import { describe, expect, it } from 'vitest'
import { FifoServer } from './fifo-server.js'

describe('FifoServer', () => {
  it('serves one job after another, in the order they come', () => {
    const server = new FifoServer()
    expect(server.serve(1, 2)).toBe(3)
    // Waits for the one before.
    expect(server.serve(1.5, 1)).toBe(4)
    // Comes as the one before ends.
    expect(server.serve(4, 0.5)).toBe(4.5)
    // Finds it idle.
    expect(server.serve(10, 0.25)).toBe(10.25)
    expect(server.serve(10, 0)).toBe(10.25)
    expect(server).toMatchObject({ freeAt: 10.25, busySeconds: 3.75, jobs: 5 })
  })

  it('starts idle', () => {
    expect(new FifoServer()).toMatchObject({ freeAt: 0, busySeconds: 0, jobs: 0 })
  })
})
