export { default as mi300x } from './amd/mi300x.json' with { type: 'json' }
export { default as a10080gb } from './nvidia/a100-80gb.json' with { type: 'json' }
export { default as b200192gb } from './nvidia/b200-192gb.json' with { type: 'json' }
export { default as gb200 } from './nvidia/gb200.json' with { type: 'json' }
export { default as h10080gb } from './nvidia/h100-80gb.json' with { type: 'json' }
export { default as h200 } from './nvidia/h200.json' with { type: 'json' }
export { default as l40s } from './nvidia/l40s.json' with { type: 'json' }
export { default as rtxPro6000 } from './nvidia/rtx-pro-6000.json' with { type: 'json' }
