import * as entries from './entries.js'

/** Every model of the catalog as its JSON file holds it; `Model.parse` fills in the defaults. */
export const models: readonly unknown[] = Object.values(entries)
