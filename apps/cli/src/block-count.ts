import { GIB, SimulatorError } from '@llmsim/contracts'

/**
 * KV blocks that so many GiB hold, none of them in part. Throws `SimulatorError` `INVALID_VALUE` at `path` for more
 * than can be counted one by one.
 */
export function blockCount(gigabytes: number, blockBytes: number, path: string): number {
  const blocks = Math.floor((gigabytes * GIB) / blockBytes)
  if (blocks === Infinity || blocks <= Number.MAX_SAFE_INTEGER) return blocks
  const most = Math.floor((Number.MAX_SAFE_INTEGER * blockBytes) / GIB)
  throw new SimulatorError({
    code: 'INVALID_VALUE',
    path,
    message: `is ${blocks.toPrecision(3)} KV blocks, more than can be counted`,
    given: gigabytes,
    accepted: `at most ${most.toPrecision(3)}`,
  })
}
