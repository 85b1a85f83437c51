/** Of equal times: arrivals come first, then transfers end, then requests enter, then batches act in order. */
export const TRANSFER_PRIORITY = 0
export const ENTRY_PRIORITY = 1
/** Of the first lane; the others follow by their numbers. */
export const LANE_PRIORITY = 2
