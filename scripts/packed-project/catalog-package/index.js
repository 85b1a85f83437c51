import npu from './catalog/accelerators/outside-npu.json' with { type: 'json' }
import dense from './catalog/models/outside-3b.json' with { type: 'json' }
import mixture from './catalog/models/outside-moe.json' with { type: 'json' }

export const accelerators = [npu]
export const models = [dense, mixture]
