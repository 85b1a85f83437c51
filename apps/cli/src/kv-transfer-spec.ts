import { GB, MILLISECOND, type KvTransferSpec, type SimulationSpec } from '@llmsim/contracts'
import type { MemoryFootprint } from '@llmsim/cost-models'
import type { Deployment } from './deployment.js'
import type { ResolvedScenario } from './scenario/resolved-scenario.js'

/** How KV caches get from replicas that prefill to those that decode. */
export function kvTransferOf(
  { disaggregation, kv_transfer: transfer }: ResolvedScenario,
  { model, pools }: Deployment,
): Pick<SimulationSpec, 'kvTransfer' | 'firstTokenFrom'> {
  const prefill = pools.find(({ role }) => role === 'prefill')
  if (prefill === undefined) return {}
  const bandwidth = disaggregation?.transfer_bandwidth_gbs ?? transfer?.bandwidth_gbs
  const latency = disaggregation?.transfer_latency_ms ?? transfer?.latency_ms
  const ratio = disaggregation?.kv_compression_ratio ?? transfer?.compression_ratio
  const firstToken = transfer?.first_token_from
  return {
    ...(firstToken === undefined ? {} : { firstTokenFrom: firstToken }),
    kvTransfer: {
      bandwidthBytesPerSecond: (bandwidth ?? 1) * GB,
      latencySeconds: (latency ?? 0) * MILLISECOND,
      ...sentBytes(prefill.memory, ratio ?? 1),
      ...(prefill.memory.stateBytes === 0
        ? {}
        : { bytesPerRequest: prefill.memory.stateBytes / (ratio ?? 1) }),
      ...topologyOf(transfer),
      ...(transfer?.layer_wise === true ? { overlapLayers: model.layers } : {}),
    },
  }
}

/** Of layers that keep a window only what it reaches is sent. */
function sentBytes(
  { kvBytesPerToken: all, windowedBytesPerToken: windowed, groups }: MemoryFootprint,
  ratio: number,
): Pick<KvTransferSpec, 'bytesPerToken' | 'windowed'> {
  if (groups === undefined) return { bytesPerToken: all / ratio }
  const { tokens, kind } = groups
  return {
    bytesPerToken: (all - windowed) / ratio,
    windowed: { tokens, kind, bytesPerToken: windowed / ratio },
  }
}

function topologyOf(transfer: ResolvedScenario['kv_transfer']): Pick<KvTransferSpec, 'topology'> {
  const topology = transfer?.topology
  if (topology === undefined) return {}
  return {
    topology: {
      nicBytesPerSecond: topology.nic_gbs * GB,
      scaleUpBytesPerSecond: topology.scale_up_gbs * GB,
      domainDevices: topology.domain_xpus,
      leafDevices: topology.leaf_xpus,
      oversubscription: topology.oversubscription,
    },
  }
}
