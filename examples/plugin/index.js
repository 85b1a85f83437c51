import { napkin } from './napkin.js'
import { shortestPrompt } from './shortest-prompt.js'
import { twoChoices } from './two-choices.js'

export const schedulers = [shortestPrompt]
export const routers = [twoChoices]
export const costModels = [napkin]
