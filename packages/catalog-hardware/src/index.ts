import * as entries from './entries.js'

/** The shipped accelerators as their files hold them; `Accelerator` of the contracts is their schema. */
export const accelerators: readonly unknown[] = Object.values(entries)
