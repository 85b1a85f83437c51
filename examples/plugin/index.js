import { napkin } from './napkin.js'
import { reservedMemory } from './reserved-memory.js'
import { shortPrompts } from './short-prompts.js'
import { shortestPrompt } from './shortest-prompt.js'
import { twoChoices } from './two-choices.js'

export const schedulers = [shortestPrompt]
export const routers = [twoChoices]
export const admissionPolicies = [reservedMemory]
export const deciders = [shortPrompts]
export const costModels = [napkin]
