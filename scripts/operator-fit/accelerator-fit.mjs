import path from 'node:path'
import { collective, curvesOf, expertAllToAll, sendCurves } from './collective-rows.mjs'
import { fitCurve } from './curve-fit.mjs'
import { elementwise } from './elementwise-rows.mjs'
import {
  decodeAttention,
  expertGemm,
  gemm,
  latentDecode,
  latentPrefill,
  prefillAttention,
} from './kernel-rows.mjs'
import { infersimRows } from './infersim-rows.mjs'
import { layerProfileRows, unpackedRatio } from './layer-profile-rows.mjs'
import { SiliconTables } from './measured-table.mjs'

/** Our number formats, and the tables' names of them by kind of table. */
const matrixTypes = { bf16: 'bf16', fp8: 'fp8', int8: 'sq', fp4: 'nvfp4', int4: 'int4_wo' }
const expertTypes = {
  bf16: ['bf16'],
  fp8: ['fp8_block', 'fp8'],
  fp4: ['nvfp4', 'w4a16_mxfp4'],
  int4: ['int4_wo'],
}

/** Formats whose kernels unpack the weights and compute in 16 bits where the device lacks them. */
const weightOnly = ['fp4', 'int4']
/** Whose kernels of latent attention alone are in the tables; vLLM's mostly come with projections. */
const latentEngines = ['trtllm', 'sglang', 'vllm']

/** Weights that kernels of all devices unpack, integers of four bits: computed in 16 bits, as in a simulation. */
const unpacked = new Set(['int4'])

const cacheTypes = ['bf16', 'fp8']

/** Fewer rows than this are no basis for a curve of five parameters. */
const FEWEST_ROWS = 40

/**
 * The calibration of one accelerator, fitted to what the folder holds of it.
 *
 * @param relative Calibration whose curves stand for those that nothing was measured of.
 */
export function fitAccelerator(entry, datasheet, folder, relative) {
  const profiled = layerProfileRows(entry, folder)
  const alone = infersimRows(entry, folder)
  const tables = new SiliconTables(path.join(folder, 'aiconfigurator'))
  const peaks = datasheet.peak_flop_per_s
  const device = (format) => ({
    flopPerSecond: (unpacked.has(format) ? undefined : peaks[format]) ?? peaks.bf16,
    bytesPerSecond: datasheet.memory_bandwidth_bytes_per_s,
    computeUnits: entry.computeUnits,
    cacheBytes: entry.cacheMegabytes * 1e6,
    profiled: entry.decodeProfiles !== undefined,
    linkBytesPerSecond: datasheet.scale_up.bandwidth_bytes_per_s,
  })
  const fits = []
  const table = (kind, engines = entry.engines) => tables.rows(entry.system, kind, engines)

  const fitted = (name, kind, rows, format, parameters, fixed = {}) => {
    if (rows.length < FEWEST_ROWS) return undefined
    const on = device(format)
    const { forms = [{}] } = kind
    const [best] = forms
      .map((form) => {
        const constants = { ...fixed, ...form }
        const found = fitCurve(
          rows,
          parameters,
          (curve, row) => kind.predict(on)({ ...constants, ...curve }, row),
          kind.impossible?.(on),
          kind.mostRows,
        )
        return { ...found, constants }
      })
      .toSorted((a, b) => a.loss - b.loss)
    const { curve, fit, constants } = best
    fits.push({ curve: name, ...fit })
    return { ...constants, ...curve }
  }
  const defined = (record) =>
    Object.fromEntries(Object.entries(record).filter(([, curve]) => curve !== undefined))

  const kernels = {
    gemm: {},
    expert_gemm: {},
    prefill_attention: {},
    decode_attention: {},
    latent_prefill_attention: {},
    latent_decode_attention: {},
  }
  const products = table('gemm')
  for (const [format, type] of Object.entries(matrixTypes)) {
    const quantised = format !== 'bf16'
    let rows = gemm.rows(products, type)
    if (rows.length === 0) rows = gemm.rows(table('gemm', ['trtllm']), type)
    if (rows.length === 0 && !quantised) rows = profiled.gemm
    if (rows.length === 0 && format === 'fp8') rows = alone.fp8_gemm
    if (peaks[format] === undefined && !weightOnly.includes(format)) continue
    kernels.gemm[format] = fitted(
      `gemm.${format}`,
      gemm,
      rows,
      format,
      gemm.parameters(quantised, unpacked.has(format), entry.tilesWait ?? true),
      gemm.fixed(quantised, unpacked.has(format)),
    )
  }
  for (const [format, types] of Object.entries(expertTypes)) {
    if (peaks[format] === undefined && !weightOnly.includes(format)) continue
    for (const engines of [entry.engines, ['sglang'], ['trtllm']]) {
      const grouped = table('moe', engines)
      const rows = types.map((type) => expertGemm.rows(grouped, type)).find((all) => all.length > 0)
      if (rows === undefined) continue
      kernels.expert_gemm[format] = fitted(
        `expert_gemm.${format}`,
        expertGemm,
        rows,
        format,
        expertGemm.parameters(),
      )
      break
    }
  }
  for (const [name, kind, file] of [
    ['prefill_attention', prefillAttention, 'context_attention'],
    ['decode_attention', decodeAttention, 'generation_attention'],
    ['latent_prefill_attention', latentPrefill, 'context_mla'],
    ['latent_decode_attention', latentDecode, 'generation_mla'],
  ]) {
    const engines = name.startsWith('latent')
      ? (entry.latentEngines ?? latentEngines)
      : entry.engines
    const all = table(file, engines)
    for (const format of cacheTypes)
      kernels[name][format] = fitted(
        `${name}.${format}`,
        kind,
        [
          ...kind.rows(all, format),
          ...(format === 'bf16' ? [...(profiled[name] ?? []), ...(alone[name] ?? [])] : []),
        ],
        'bf16',
        kind.parameters(),
      )
  }
  // A pass that was not measured is that of the relative.
  const { fp8 } = kernels.gemm
  if (fp8 !== undefined && alone.fp8_gemm.length > 0)
    fp8.pass_bytes_per_input = relative.kernels.gemm.fp8.pass_bytes_per_input
  const moved = elementwise.rows(entry, folder)
  const mover = fitted('elementwise', elementwise, moved, 'bf16', elementwise.parameters())
  const interconnect =
    relative === undefined ? interconnectCurves(entry, table, fitted) : relative.interconnect
  return {
    name: entry.name,
    version: entry.version,
    date: '2026-11-25',
    compute_units: entry.computeUnits,
    kernels: {
      ...Object.fromEntries(
        Object.entries(kernels).map(([name, curves]) => [
          name,
          { ...relative?.kernels[name], ...defined(curves) },
        ]),
      ),
      elementwise: mover ?? relative?.kernels.elementwise ?? elementwise.usual,
    },
    engine_kernels: engineKernels(
      entry,
      table,
      fitted,
      kernels.decode_attention.bf16,
      unpackedRatio(entry, folder, datasheet.memory_bandwidth_bytes_per_s),
    ),
    interconnect,
    fits,
    sources: sourcesOf(entry, mover !== undefined),
    relatives: relativesOf(entry),
  }
}

/** Engines whose decode attention is another kernel than that of the common table, by their profiles. */
const ownEngines = { 'tensorrt-llm': 'trtllm' }

/** Decode attention of single engines; undefined where the common curves are theirs, or rows are few. */
function engineKernels(entry, table, fitted, decode16, unpacked) {
  const found = {}
  // vLLM's attention takes prompts and decoding sequences in one launch.
  if (unpacked !== undefined)
    found.vllm = { decode_attention: { bf16: { ...decode16, unpacked_ratio: unpacked } } }
  for (const [profile, engine] of Object.entries(ownEngines)) {
    if (!entry.ownEngines?.includes(engine)) continue
    const decode = {}
    for (const format of cacheTypes)
      decode[format] = fitted(
        `${profile}.decode_attention.${format}`,
        decodeAttention,
        decodeAttention.rows(table('generation_attention', [engine]), format),
        'bf16',
        decodeAttention.parameters(),
      )
    found[profile] = { decode_attention: decode }
  }
  return Object.keys(found).length > 0 ? found : undefined
}

function interconnectCurves(entry, table, fitted) {
  const library = table('nccl', ['nccl'])
  const curves = (name, kind, rows) => {
    const found = fitted(name, kind, rows, 'bf16', kind.parameters())
    return found === undefined ? [] : curvesOf(found, kind.algorithms)
  }
  const own = collective('all_reduce', 2)
  const custom = own.rows(table('custom_allreduce'))
  const gather = collective('all_gather', 2)
  const gathers = curves('all_gather', gather, gather.rows(library))
  const scatter = collective('reduce_scatter', 2)
  const exchange = collective('all_to_all', 2)
  const deep = table('wideep_deepep_ll', ['sglang'])
  return {
    all_reduce: curves('all_reduce', own, custom.length > 0 ? custom : own.rows(library)),
    all_gather: gathers,
    reduce_scatter: curves('reduce_scatter', scatter, scatter.rows(library)),
    all_to_all: curves('all_to_all', exchange, exchange.rows(library)),
    expert_all_to_all:
      deep.length === 0
        ? []
        : curves('expert_all_to_all', expertAllToAll, expertAllToAll.rows(deep)),
    send: sendCurves(gathers),
  }
}

function relativesOf({ relatives }) {
  if (relatives === undefined) return undefined
  return Object.fromEntries(
    Object.entries(relatives).map(([name, error]) => [name, { error_percent: error }]),
  )
}

const method =
  'Levenberg-Marquardt on the logarithm of times, reweighted so that outliers pull less; a fifth of the rows, by a hash of their shape, left out of the fit (scripts/fit-operators.mjs)'

function sourcesOf(entry, moved) {
  if (entry.infersim !== undefined)
    return [
      {
        url: 'https://github.com/alibaba/InferSim/tree/f2293da',
        title: `InferSim, kernels of ${entry.name} alone: DeepGEMM, FlashAttention-3, FlashMLA`,
        license: 'Apache-2.0',
        method: `${method}; all other curves are those of ${entry.relative}`,
      },
    ]
  if (entry.layerProfile !== undefined)
    return [
      {
        url: 'https://github.com/casys-kaist/LLMServingSim/tree/5daddb2',
        title: `LLMServingSim, vLLM 0.19 layer profile of ${entry.layerProfile.model} on ${entry.layerProfile.hardware}`,
        license: 'MIT',
        method: `${method}; all other curves are those of ${entry.relative}`,
      },
    ]
  const sources = [
    {
      url: 'https://github.com/ai-dynamo/aiconfigurator/tree/095f58a',
      title: `NVIDIA aiconfigurator, measured tables of ${entry.system}`,
      license: 'Apache-2.0',
      method,
    },
  ]
  if (moved)
    sources.push({
      url: 'https://github.com/microsoft/vidur/tree/7d47513',
      title: 'Vidur, profiles of norms, rotary embedding, activation and additions',
      license: 'MIT',
      method,
      curves: ['elementwise'],
    })
  return sources
}
