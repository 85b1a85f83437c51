export { default as bare } from './engines/bare.json' with { type: 'json' }
export { default as sglang } from './engines/sglang.json' with { type: 'json' }
export { default as tensorrtLlmV0 } from './engines/tensorrt-llm-v0.json' with { type: 'json' }
export { default as tensorrtLlm } from './engines/tensorrt-llm.json' with { type: 'json' }
export { default as vllm2023 } from './engines/vllm-2023.json' with { type: 'json' }
export { default as vllmV0Rocm } from './engines/vllm-v0-rocm.json' with { type: 'json' }
export { default as vllmV0 } from './engines/vllm-v0.json' with { type: 'json' }
export { default as vllm } from './engines/vllm.json' with { type: 'json' }
