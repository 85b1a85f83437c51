/** Text that is HTML already: only `html` makes it, so that nothing else gets into a page unescaped. */
export class Markup {
  private constructor(readonly text: string) {}

  /** @internal For `html` and for what is drawn, which escapes its own texts. */
  static trusted(text: string): Markup {
    return new Markup(text)
  }
}

/** What may stand in a template: text is escaped, lists are joined, nothing is left out. */
export type MarkupPart = Markup | string | number | null | undefined | false | readonly MarkupPart[]

/**
 * A piece of HTML, without the indentation of its source. Whatever stands between the fixed parts is
 * escaped, unless it is a piece itself.
 */
export function html(fixed: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return Markup.trusted(
    fixed.map((text, i) => text.replace(/\n\s*/g, '\n') + written(parts[i])).join(''),
  )
}

function written(part: MarkupPart): string {
  if (part === null || part === undefined || part === false) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'number') return String(part)
  return typeof part === 'string' ? escaped(part) : part.map(written).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for HTML and XML, between tags or in quotes. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

/**
 * A value as JSON inside of a `script` element: no text in it can end the element or open a comment.
 */
export function jsonMarkup(value: unknown): Markup {
  const json = JSON.stringify(value)
  return Markup.trusted(json.replace(/[<>&\u2028\u2029]/g, unicodeEscape))
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Text without what no HTML or XML may hold: control characters and halves of pairs. */
export function printable(text: string): string {
  return (
    text
      .replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, (found) =>
        found.length === 2 ? found : '\uFFFD',
      )
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFE\uFFFF]/g, '\uFFFD')
  )
}
