import exampleNpu from './accelerators/example-npu.json' with { type: 'json' }
import example2b from './models/example-2b.json' with { type: 'json' }

export const accelerators = [exampleNpu]
export const models = [example2b]
