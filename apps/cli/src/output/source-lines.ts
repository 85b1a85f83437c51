import type { CatalogSource } from '@llmsim/contracts'

/** The sources of a catalog entry, a paragraph each. */
export function sourceLines(sources: readonly CatalogSource[]): string {
  const lines = sources.map(({ url, note, fields, estimated }) => {
    const about = [
      ...(fields === undefined ? [] : [fields.join(', ')]),
      ...(estimated === true ? ['typical values'] : []),
    ].join('; ')
    const head = `  ${url}${about === '' ? '' : `\n    for ${about}`}`
    return note === undefined ? head : `${head}\n    ${note}`
  })
  return `sources\n${lines.join('\n')}\n`
}
