import type { SimulationResult, SimulationSpec } from '@llmsim/contracts'
import { startSimulation } from '@llmsim/simulator'
import { setImmediate } from 'node:timers/promises'
import type { Io } from './io.js'

/** Events between two looks at whether the user wants to stop: some tens of milliseconds. */
const EVENTS = 50_000

/** Simulates to the end, or until the user interrupts: the result is then that of the run so far. */
export async function interruptibleRun(spec: SimulationSpec, io: Io): Promise<SimulationResult> {
  const wanted = { stop: false }
  const forget = io.onInterrupt?.(() => {
    wanted.stop = true
  })
  try {
    const simulation = startSimulation(spec)
    while (!simulation.advance(EVENTS)) {
      await setImmediate()
      if (wanted.stop) simulation.stop()
    }
    return simulation.result()
  } finally {
    forget?.()
  }
}
