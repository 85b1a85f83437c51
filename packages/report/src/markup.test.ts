import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escaped, html, jsonMarkup, printable } from './markup.js'

describe('html', () => {
  it('escapes what is not markup, in text and in attributes', () => {
    const text = `<img src=x onerror="alert('1')">&`
    expect(html`<p title="${text}">${text}</p>`.text).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">' +
        '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>',
    )
  })

  it('leaves markup as it is, joins lists and passes over nothing', () => {
    const items = ['a', '<b>'].map((item) => html`<i>${item}</i>`)
    expect(html`<b>${items}${false}${null}${undefined}${0}</b>`.text).toBe(
      '<b><i>a</i><i>&lt;b&gt;</i>0</b>',
    )
  })
})

describe('escaped', () => {
  it('leaves nothing that ends a text or an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escaped(text)).not.toMatch(/[<>"']|&(?!\w+;|#39;)/)
        expect(escaped(text)).toBe(escaped(printable(text)))
      }),
      { seed: 1 },
    )
  })
})

describe('printable', () => {
  it('takes out control characters and halves of pairs', () => {
    expect(printable('a\u0000b\uD800c\u{1F600}\t\n')).toBe('a\uFFFDb\uFFFDc\u{1F600}\t\n')
  })
})

describe('jsonMarkup', () => {
  it('is the same JSON, and cannot end the element it stands in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { text } = jsonMarkup(value)
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value))
        expect(text).not.toMatch(/[<>&]/)
      }),
      { seed: 1 },
    )
    expect(jsonMarkup({ name: '</script><!--' }).text).toBe(
      '{"name":"\\u003c/script\\u003e\\u003c!--"}',
    )
  })
})
