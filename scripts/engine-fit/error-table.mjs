const metrics = [
  ['TPOT', 'tpot_ms_mean'],
  ['TTFT', 'ttft_ms_mean'],
  ['throughput', 'output_tokens_per_s'],
  ['end to end', 'e2e_ms_mean'],
]

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)]
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at))
}

/** Errors of one metric; TTFT below saturation alone. */
function ofMetric(errors, name) {
  return errors.filter(
    ({ metric, saturated }) => metric === name && !(name === 'ttft_ms_mean' && saturated),
  )
}

const percent = (value) => (100 * value).toFixed(1)

function medianAndTail(errors) {
  const sizes = errors.map(({ relative_error: error }) => Math.abs(error))
  return [quantile(sizes, 0.5), quantile(sizes, 0.9)].map(percent)
}

/** Rows, median and 90th percentile of each metric, on one line. */
export function shares(errors) {
  return metrics
    .map(([title, name]) => [title, ofMetric(errors, name)])
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => `${title} (${rows.length}) ${medianAndTail(rows).join(' / ')}`)
    .join(', ')
}

/** Markdown: each accelerator's errors with the shipped constants, and with those that never saw it. */
export function errorTable(shipped, left, least) {
  const lines = []
  for (const accelerator of [...left.keys()].toSorted())
    for (const [title, name] of metrics) {
      const before = ofMetric(shipped.get(accelerator) ?? [], name)
      const after = ofMetric(left.get(accelerator), name)
      if (after.length < least) continue
      const signed = after.map(({ relative_error: error }) => error)
      const cells = [
        accelerator,
        title,
        after.length,
        ...medianAndTail(after),
        percent(quantile(signed, 0.5)),
        ...medianAndTail(before),
      ]
      lines.push(`| ${cells.join(' | ')} |`)
    }
  return [
    '| accelerator | metric | rows | left out: median % | p90 % | bias % | shipped: median % | p90 % |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
  ].join('\n')
}
