/** Damerau-Levenshtein distance (optimal string alignment) of two short names. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1)
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}

/**
 * The known names nearest to a mistyped one, nearest first, at most `limit`.
 *
 * A name is near when it contains the given one (or the other way round), or differs in at most a
 * third of its letters; case, dashes, dots and underscores do not count.
 */
export function nearNames(given: string, known: Iterable<string>, limit = 3): string[] {
  const plain = (name: string): string => name.toLowerCase().replace(/[-_. ]/g, '')
  const wanted = plain(given.slice(0, 64))
  if (wanted === '') return []
  const scored: { name: string; score: number }[] = []
  for (const name of known) {
    const candidate = plain(name)
    const edits = distance(wanted, candidate)
    const contains =
      candidate.includes(wanted) || (candidate.length > 2 && wanted.includes(candidate))
    const score = contains ? Math.min(edits, 1) : edits
    if (score <= Math.max(1, Math.floor(wanted.length / 3))) scored.push({ name, score })
  }
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
  return scored.slice(0, limit).map((entry) => entry.name)
}
