import { SimulatorError } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { localExecutor, threadExecutor, type PointExecutor } from './thread-executor.js'

const accepted = 'threads, in-process, or redis://HOST:PORT'

/** The executor that `--executor` names; threads where it is not given. Throws `SimulatorError`. */
export async function openExecutor(
  given: string | undefined,
  threads: number,
  io: Io,
): Promise<PointExecutor> {
  if (given === undefined || given === 'threads') return await threadExecutor(threads)
  if (given === 'in-process') return localExecutor()
  if (/^(rediss?|valkeys?):\/\//.test(given)) {
    const { redisExecutor } = await import('./redis-executor.js')
    return await redisExecutor(given, io)
  }
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path: '--executor',
    message: 'is not one of the accepted values',
    given,
    accepted,
  })
}
