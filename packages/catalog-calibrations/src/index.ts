import * as engines from './engine-entries.js'
import * as entries from './entries.js'

/** The shipped calibrations as their files hold them; `Calibration` of the contracts is their schema. */
export const calibrations: readonly unknown[] = Object.values(entries)

/** The shipped engine profiles as their files hold them; `EngineProfile` is their schema. */
export const engineProfiles: readonly unknown[] = Object.values(engines)
