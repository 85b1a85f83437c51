import type { Io } from '../io.js'
import type { PointExecutor } from './thread-executor.js'

export function redisExecutor(_url: string, _io: Io): Promise<PointExecutor> {
  throw new Error('not yet')
}
