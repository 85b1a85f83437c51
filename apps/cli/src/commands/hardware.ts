import { GIB, type Accelerator, type Link } from '@llmsim/contracts'
import type { Io } from '../io.js'
import { dollars, duration, figure, prefixed } from '../output/figures.js'
import { sourceLines } from '../output/source-lines.js'
import { textTable } from '../output/text-table.js'
import { findAccelerator } from '../scenario/catalog-entries.js'
import { list, type Listing, type ListOptions } from './listing.js'

/** Lists the accelerators, or shows one: by name, or that of a file. */
export async function hardware(
  name: string | undefined,
  options: ListOptions,
  io: Io,
): Promise<void> {
  await list(accelerators, name, options, io)
}

const accelerators: Listing<Accelerator> = {
  find: (name, registries, folders) => findAccelerator(name, 'NAME', registries, folders).entry,
  entries: (registries) => registries.accelerators.entries(),
  describe,
  header: ['XPU', 'VENDOR', 'GIB', 'GB/S', 'TFLOP/S', 'FP8', 'W', 'PER HOUR'],
  row: (entry) => {
    const { bf16, fp16, fp32, fp8 } = entry.peak_flop_per_s
    return [
      entry.name,
      entry.vendor,
      figure(entry.memory_bytes / GIB),
      figure(entry.memory_bandwidth_bytes_per_s / 1e9),
      tera(bf16 ?? fp16 ?? fp32),
      tera(fp8),
      String(entry.power.tdp_w),
      dollars(entry.price.rental_usd_per_hour),
    ]
  },
}

function tera(flopPerSecond: number | undefined): string {
  return flopPerSecond === undefined ? '-' : figure(flopPerSecond / 1e12)
}

function linkWords(link: Link): string {
  return `${link.name}, ${prefixed(link.bandwidth_bytes_per_s, 'B/s')}, ${duration(link.latency_s)}`
}

function describe(entry: Accelerator): string {
  const peaks = Object.entries(entry.peak_flop_per_s)
    .map(([format, peak]) => `${format} ${prefixed(peak ?? 0, 'FLOP/s')}`)
    .join(', ')
  const rows = [
    ['product', `${entry.vendor} ${entry.product} (${entry.generation})`],
    ...(entry.aliases.length === 0 ? [] : [['also known as', entry.aliases.join(', ')]]),
    ['memory', `${figure(entry.memory_bytes / GIB)} GiB`],
    ['bandwidth', prefixed(entry.memory_bandwidth_bytes_per_s, 'B/s')],
    ['dense peaks', peaks],
    ['scale-up link', linkWords(entry.scale_up)],
    ['scale-out link', linkWords(entry.scale_out)],
    ['devices per node', String(entry.devices_per_node)],
    ['power', `${entry.power.tdp_w} W, ${entry.power.idle_w} W idle`],
    ['to rent', `${dollars(entry.price.rental_usd_per_hour)} per hour`],
    ['to buy', dollars(entry.price.purchase_usd)],
  ]
  return `${entry.name}\n\n${textTable(rows, { align: 'left' })}\n\n${sourceLines(entry.sources)}`
}
