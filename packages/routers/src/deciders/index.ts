import type { DeciderFactory } from '@llmsim/contracts'
import { always } from './always.js'
import { conditional } from './conditional.js'
import { load } from './load.js'
import { prefixMiss } from './prefix-miss.js'

/** Every decider of this package: whether a prefill pool computes a prompt, or the decode replica. */
export const deciders: readonly DeciderFactory[] = [always, prefixMiss, load, conditional]
