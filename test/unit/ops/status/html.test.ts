import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { escapeHtml, html, type Html } from '../../../../gateway/ops/status/html.ts'
import { fuzz } from '../../../support/fuzz.ts'

/** What a browser reads of it. */
function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

/** Texts that are mostly what markup is made of. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '&',
        '&lt;',
        '&amp',
        '</',
        '<!--',
        '-->',
        '<script>',
        '=',
        '`',
      ),
      fc.string({ maxLength: 4, unit: 'binary' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

describe('escapeHtml', () => {
  it('leaves nothing with which markup or a value could begin or end', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/)
      }),
      fuzz(),
    )
  })

  it('loses nothing', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(unescape(escapeHtml(text))).toBe(text)
      }),
      fuzz(),
    )
  })
})

describe('html', () => {
  it('escapes values wherever they stand, and only once', () => {
    const inner = html`<b title="${'"><script>'}">${'<&>'}</b>`
    expect(html`<p>${inner}${[inner]}${1}${undefined}</p>`.toString()).toBe(
      `<p>${'<b title="&quot;&gt;&lt;script&gt;">&lt;&amp;&gt;</b>'.repeat(2)}1</p>`,
    )
  })

  it('has as many tags as its template, whatever the values', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const text = html`<i class="${a}">${b}</i>`.toString()
        expect(text.match(/[<>]/g)).toHaveLength(4)
        expect(text.match(/"/g)).toHaveLength(2)
      }),
      fuzz(),
    )
  })

  it('takes nothing for markup that it has not made itself', () => {
    const forged = { toString: () => '<script>' } as unknown as string
    const members = [forged] as unknown as Html[]
    expect(html`${forged}${members}`.toString()).not.toContain('<script>')
  })
})
