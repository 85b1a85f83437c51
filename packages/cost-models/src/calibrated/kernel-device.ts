/** What a curve scales: the device's datasheet, in one number format. */
export interface KernelDevice {
  /** Dense peak in FLOP/s. */
  readonly flopPerSecond: number
  /** Memory bandwidth in bytes/s. */
  readonly bytesPerSecond: number
  /** Units that tiles of a product run in waves over. */
  readonly computeUnits: number
}
