import { z } from 'zod'
import { CatalogName, CatalogSource } from './catalog-source.js'

const positive = z.number().positive()

/** A link of one device. */
export const Link = z.strictObject({
  /** What it is called: `NVLink 4`, `Infinity Fabric`, `PCIe 4.0 x16`, `ICI`, `InfiniBand NDR`. */
  name: z.string(),
  /** Bytes per second that one device sends (and, at once, receives): one direction, all lanes together. */
  bandwidth_bytes_per_s: positive.min(1e6),
  /** Time for a small message between two devices, in seconds. */
  latency_s: z.number().nonnegative(),
})

/** The link between the devices of one node. */
export const ScaleUpLink = Link.extend({
  /**
   * `switch` (when absent): any two devices have all of the bandwidth between them. `mesh`: each device has one
   * direct link to each other device of the node, so that a group of `r` of `n` devices uses
   * `(r - 1) / (n - 1)` of it.
   */
  topology: z.enum(['switch', 'mesh']).optional(),
})

/** Dense matrix peak in FLOP/s per number format. */
const peakFlops = z
  .strictObject({
    fp32: positive.optional(),
    bf16: positive.optional(),
    fp16: positive.optional(),
    fp8: positive.optional(),
    int8: positive.optional(),
    fp4: positive.optional(),
    int4: positive.optional(),
  })
  .refine((peaks) => Object.keys(peaks).length > 0, {
    message: 'has no number format',
    params: { accepted: 'FLOP/s of at least one number format, such as bf16' },
  })

/**
 * An accelerator as its datasheet describes it: one schedulable device, dense peaks, no measurements.
 */
export const Accelerator = z
  .strictObject({
    $schema: z.string().optional(),
    name: CatalogName,
    aliases: z.array(CatalogName).default([]),
    vendor: z.string(),
    /** The product's full name. */
    product: z.string(),
    /** Architecture or generation: `hopper`, `cdna3`, `tpu-v5`. */
    generation: z.string(),
    release_year: z.int().optional(),
    /** Device memory in bytes, as the device offers it. */
    memory_bytes: positive.min(2 ** 27),
    memory_bandwidth_bytes_per_s: positive.min(1e9),
    /** Dense matrix peak in FLOP/s per number format; an absent format is not supported by the matrix units. */
    peak_flop_per_s: peakFlops,
    /** Between the devices of one node (or one NVLink or ICI domain). */
    scale_up: ScaleUpLink,
    /** Between nodes, as one device's share of them. */
    scale_out: Link,
    /** To the memory of its host; PCIe 4.0 x16 is taken where it is absent. */
    host_link: Link.optional(),
    /** Devices of a usual node, or of one scale-up domain where that is larger. */
    devices_per_node: z.int().positive(),
    power: z.strictObject({
      /** Board or module power limit, in watts. */
      tdp_w: positive,
      /** Idle draw in watts. */
      idle_w: z.number().nonnegative(),
    }),
    /** Typical prices; they move, so the source carries the date. */
    price: z
      .strictObject({
        /** To rent one device for an hour, on demand, in US dollars. */
        rental_usd_per_hour: positive.optional(),
        /** To buy one device, in US dollars. */
        purchase_usd: positive.optional(),
      })
      .default({}),
    sources: z.array(CatalogSource).min(1),
  })
  .superRefine((entry, context) => {
    if (entry.power.idle_w >= entry.power.tdp_w)
      context.addIssue({
        code: 'custom',
        path: ['power', 'idle_w'],
        message: 'is not below tdp_w',
        input: entry.power.idle_w,
        params: { accepted: `less than ${entry.power.tdp_w} W` },
      })
    for (const [wide, narrow] of slowerNarrowFormats(entry.peak_flop_per_s))
      context.addIssue({
        code: 'custom',
        path: ['peak_flop_per_s', narrow],
        message: `is below the peak of ${wide}`,
        input: entry.peak_flop_per_s[narrow],
        params: { accepted: 'a narrower format no slower than a wider one of its kind' },
      })
  })
export type Accelerator = z.infer<typeof Accelerator>
export type Link = z.infer<typeof Link>
export type ScaleUpLink = z.infer<typeof ScaleUpLink>

/** Pairs of floating-point formats of which the narrower one is stated to be slower. */
function slowerNarrowFormats(
  peaks: z.infer<typeof peakFlops>,
): [wide: keyof typeof peaks, narrow: keyof typeof peaks][] {
  const found: [keyof typeof peaks, keyof typeof peaks][] = []
  const floats = ['fp32', 'bf16', 'fp8', 'fp4'] as const
  floats.forEach((wide, i) => {
    for (const narrow of floats.slice(i + 1))
      if ((peaks[wide] ?? 0) > (peaks[narrow] ?? Infinity)) found.push([wide, narrow])
  })
  return found
}
