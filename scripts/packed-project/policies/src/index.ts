import type { CostModelFactory, Plugin, RouterFactory, SchedulerFactory } from '@llmsim/contracts'
import { affine } from './affine.js'
import { chunked } from './chunked.js'
import { twoChoices } from './two-choices.js'
import { shortestPromptFirst } from './shortest-prompt-first.js'

export { affine, chunked, twoChoices, shortestPromptFirst }

export const schedulers: readonly SchedulerFactory[] = [chunked, shortestPromptFirst]
export const routers: readonly RouterFactory[] = [twoChoices]
export const costModels: readonly CostModelFactory[] = [affine]

const plugin: Plugin = { schedulers, routers, costModels }
export default plugin
