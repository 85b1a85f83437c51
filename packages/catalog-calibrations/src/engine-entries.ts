export { default as bare } from './engines/bare.json' with { type: 'json' }
export { default as sglang } from './engines/sglang.json' with { type: 'json' }
export { default as tensorrtLlm } from './engines/tensorrt-llm.json' with { type: 'json' }
export { default as vllm } from './engines/vllm.json' with { type: 'json' }
