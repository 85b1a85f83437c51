/**
 * What is fitted to which tables. `engines` are tried in order: one engine's kernels per accelerator,
 * as a mixture would fit none of them; vLLM first, as the one that most tables have. `ownEngines` have
 * decode attention of their own besides. `relatives` take these curves: the median error, in percent, of serving with
 * them, by docs/accuracy.md (TPOT, or end to end).
 */
const vllm = ['vllm', 'trtllm', 'sglang']

/** Compute units and second-level caches from the vendors' architecture papers. */
export const measured = [
  {
    name: 'a100-80gb',
    relatives: { 'a100-40gb': 9.1, gaudi2: 17.3 },
    version: 3,
    system: 'a100_sxm',
    cacheMegabytes: 40,
    computeUnits: 108,
    profile: 'a100',
    // Of TensorRT-LLM 1.0, decoding few sequences takes thirty times as long as reading their cache.
    latentEngines: ['vllm'],
    engines: vllm,
  },
  {
    name: 'h100-80gb',
    relatives: { gh200: 6.0 },
    version: 3,
    system: 'h100_sxm',
    cacheMegabytes: 50,
    computeUnits: 132,
    profile: 'h100',
    engines: vllm,
    ownEngines: ['trtllm'],
  },
  {
    name: 'h200',
    version: 3,
    system: 'h200_sxm',
    cacheMegabytes: 50,
    computeUnits: 132,
    engines: vllm,
    ownEngines: ['trtllm'],
  },
  {
    name: 'b200-192gb',
    relatives: { b300: 5.9 },
    version: 3,
    system: 'b200_sxm',
    cacheMegabytes: 126,
    computeUnits: 148,
    engines: vllm,
    ownEngines: ['trtllm'],
  },
  {
    name: 'gb200',
    version: 2,
    system: 'gb200',
    cacheMegabytes: 126,
    computeUnits: 148,
    engines: vllm,
  },
  {
    name: 'l40s',
    // Its cache keeps up with small tiles: without that term its products fit better.
    tilesWait: false,
    version: 3,
    system: 'l40s',
    cacheMegabytes: 96,
    computeUnits: 142,
    engines: vllm,
  },
  {
    name: 'rtx-pro-6000',
    version: 2,
    system: 'rtx_pro_6000_server',
    cacheMegabytes: 128,
    computeUnits: 188,
    engines: vllm,
    // Its cache holds most of what the tables decode; as a layer runs, it holds nothing of it.
    decodeProfiles: [
      'meta-llama/Llama-3.1-8B',
      'Qwen/Qwen3-30B-A3B-Instruct-2507',
      'Qwen/Qwen3-32B',
    ].map((model) => ({ hardware: 'RTXPRO6000', model })),
  },
  {
    name: 'rtx-4090',
    version: 3,
    system: 'rtx_4090',
    cacheMegabytes: 72,
    computeUnits: 128,
    engines: vllm,
    layerProfile: { hardware: 'RTX4090', model: 'meta-llama/Llama-3.1-8B' },
    relative: 'l40s',
  },
  {
    name: 'h20',
    version: 1,
    cacheMegabytes: 60,
    computeUnits: 78,
    infersim: 'h20',
    relative: 'h200',
    engines: vllm,
  },
  {
    name: 'h800',
    version: 1,
    cacheMegabytes: 50,
    computeUnits: 132,
    infersim: 'h800',
    relative: 'h100-80gb',
    engines: vllm,
  },
]
