import { collectiveSeconds } from '@llmsim/cost-models/calibrated'

/** The tables' names of the collectives. */
const operations = {
  all_reduce: 'all_reduce',
  all_gather: 'all_gather',
  reduce_scatter: 'reduce_scatter',
  all_to_all: 'alltoall',
}

const size = (start, least, most) => ({ kind: 'size', start, least, most, zero: true })

/** Parameters of `count` algorithms: small messages first, for which a share of the link is poor. */
const parameters = (count) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      [`latency_${i}`, size(i === 0 ? 4e-6 : 1.5e-5, 1e-7, 1e-3)],
      [`rank_${i}`, size(3e-7, 1e-9, 1e-4)],
      [`fraction_${i}`, size(i === 0 && count > 1 ? 0.3 : 0.8, 0.005, 1.5)],
      [`contention_${i}`, size(0.01, 1e-4, 10)],
    ]).flat(),
  )

export const curvesOf = (curve, count) =>
  Array.from({ length: count }, (_, i) => ({
    latency_s: curve[`latency_${i}`],
    rank_latency_s: curve[`rank_${i}`],
    bandwidth_fraction: curve[`fraction_${i}`],
    contention_per_rank: curve[`contention_${i}`],
  }))

/** A collective of the NCCL tables, or of an engine's own kernels; sizes there are in elements. */
export function collective(name, algorithms) {
  return {
    algorithms,
    parameters: () => parameters(algorithms),
    rows: (table) =>
      table
        .filter(
          (row) =>
            row.op_name === operations[name] &&
            !String(row.backend ?? row.implementation ?? '').includes('eager'),
        )
        .map((row) => {
          const width = (row.nccl_dtype ?? row.allreduce_dtype) === 'int8' ? 1 : 2
          const bytes = row.message_size * width
          return {
            key: `${name} ${row.num_gpus} ${bytes}`,
            seconds: row.latency_ms / 1e3,
            ranks: row.num_gpus,
            // An all-to-all is listed by what each rank sends, the others by the whole vector.
            bytes,
          }
        }),
    predict: (device) => (curve, row) =>
      collectiveSeconds(
        name,
        curvesOf(curve, algorithms),
        row.ranks,
        row.bytes,
        device.linkBytesPerSecond,
      ),
  }
}

/** Dispatch and combine of DeepEP's low-latency kernels on the eight devices of a node. */
export const expertAllToAll = {
  algorithms: 2,
  parameters: () => parameters(2),
  rows: (table) =>
    table.flatMap((row) =>
      [
        ['dispatch', row.dispatch_avg_t_us, 1],
        ['combine', row.combine_avg_t_us, 2],
      ].map(([way, microseconds, width]) => ({
        key: `deepep ${way} ${row.num_token} ${row.hidden_size} ${row.num_topk} ${row.num_experts}`,
        seconds: microseconds / 1e6,
        ranks: 8,
        bytes: row.num_token * row.num_topk * row.hidden_size * width,
      })),
    ),
  predict: (device) => (curve, row) =>
    collectiveSeconds(
      'expert_all_to_all',
      curvesOf(curve, 2),
      row.ranks,
      row.bytes,
      device.linkBytesPerSecond,
    ),
}

/** One message between two devices: the all-gather of two ranks, each of which sends half. */
export function sendCurves(gather) {
  return gather.map((curve) => ({
    latency_s: Number((curve.latency_s + curve.rank_latency_s).toPrecision(4)),
    rank_latency_s: 0,
    bandwidth_fraction: curve.bandwidth_fraction,
    contention_per_rank: 0,
  }))
}
