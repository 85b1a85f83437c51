import type { KvTransferSpec, PoolSpec, SimulationSpec, WindowedKv } from '@llmsim/contracts'
import { RandomNumbers } from './random-numbers.js'

/**
 * The same specification, in a quarter of the cases of a model in which some layers keep a window only; their KV
 * blocks are then as many as before of each group of layers.
 */
export function withRandomWindows(seed: number, spec: SimulationSpec): SimulationSpec {
  const random = new RandomNumbers(seed + 7_000_003)
  if (!random.chance(0.25)) return spec
  const kind = random.pick(['sliding', 'sliding', 'chunked'] as const)
  const tokens = random.pick([1, 5, 32, 96])
  const groups = { fullGroups: random.pick([0, 1, 1, 2]), windowedGroups: random.pick([1, 1, 3]) }
  const chunkTokens = random.pick([16, 512, Infinity])
  const pools = spec.pools.map((pool) =>
    windowedPool(pool, { tokens, kind, ...groups, chunkTokens }),
  )
  const { kvTransfer } = spec
  if (kvTransfer === undefined) return { ...spec, pools }
  return { ...spec, pools, kvTransfer: windowedTransfer(kvTransfer, { tokens, kind }) }
}

function windowedPool(pool: PoolSpec, windowed: WindowedKv): PoolSpec {
  if ((pool.prefixCaching?.tiers ?? []).length > 0) return pool
  const { blockSize, kvBlocks } = pool.memory
  const { kind, fullGroups, windowedGroups } = windowed
  const tokens =
    kind === 'chunked' ? Math.ceil(windowed.tokens / blockSize) * blockSize : windowed.tokens
  return {
    ...pool,
    memory: {
      ...pool.memory,
      kvBlocks: kvBlocks * (fullGroups + windowedGroups),
      windowed: { ...windowed, tokens },
    },
  }
}

function windowedTransfer(
  transfer: KvTransferSpec,
  reach: Pick<WindowedKv, 'tokens' | 'kind'>,
): KvTransferSpec {
  const bytesPerToken = transfer.bytesPerToken / 2
  return { ...transfer, bytesPerToken, windowed: { ...reach, bytesPerToken } }
}
