import { SimulatorError, type Scenario } from '@llmsim/contracts'
import { conflict } from './conflict.js'
import type { AcceleratorFinder } from './resolve-cluster.js'
import type { ResolvedScenario } from './resolved-scenario.js'

/** Devices of their own for images, with every default filled in. Throws `SimulatorError`. */
export function resolveEncode(
  { encode, cluster, workload }: Scenario,
  find: AcceleratorFinder,
): Pick<ResolvedScenario, 'encode'> {
  if (encode === undefined) return {}
  if (workload?.images === undefined)
    throw conflict('encode', 'no prompt has an image', 'workload.images')
  const path = encode.xpu === undefined ? 'cluster.xpu' : 'encode.xpu'
  const xpu = encode.xpu ?? cluster?.xpu
  if (xpu === undefined)
    throw new SimulatorError({ code: 'INVALID_VALUE', path: 'encode.xpu', message: 'is required' })
  const { entry, written } = find(xpu, path)
  const { tensor_parallel_size: tp = 1, n_xpus: devices = tp } = encode
  if (devices % tp !== 0)
    throw conflict(
      'encode.n_xpus',
      `is no multiple of ${tp} devices`,
      `a multiple of ${tp}`,
      devices,
    )
  if (tp > entry.devices_per_node)
    throw conflict(
      'encode.tensor_parallel_size',
      'the devices that encode an image together are those of one node',
      `at most ${entry.devices_per_node}`,
      tp,
    )
  return {
    encode: {
      xpu: written,
      n_xpus: devices,
      tensor_parallel_size: tp,
      transfer_bandwidth_gbs:
        encode.transfer_bandwidth_gbs ?? (entry.scale_out.bandwidth_bytes_per_s * tp) / 1e9,
      transfer_latency_ms: encode.transfer_latency_ms ?? 1,
    },
  }
}
