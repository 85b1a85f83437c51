/** Bytes in a gibibyte, the unit of `memory_gb` in the results file. */
export const GIB = 2 ** 30
/** Bytes in a gigabyte, the unit of every bandwidth in GB/s. */
export const GB = 1e9
export const MILLISECOND = 1e-3
export const MICROSECOND = 1e-6
export const SECONDS_PER_HOUR = 3600
