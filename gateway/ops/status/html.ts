/**
 * HTML in which only the templates of the source contain markup. The page shows text from senders (paths, ids,
 * addresses), so each value is escaped when it is inserted, and there is no other way to insert one.
 */

/** Only `html` makes one, from templates in the source. */
export class Html {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  static of(strings: TemplateStringsArray, values: readonly HtmlValue[]): Html {
    return new Html(strings.map((text, i) => text + textOf(values[i])).join(''))
  }

  toString(): string {
    return this.#text
  }
}

export type HtmlValue = Html | string | number | undefined | readonly Html[]

/** Values are only allowed in text and in quoted attributes, never in scripts or styles. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.of(strings, values)
}

function textOf(value: HtmlValue): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.toString()
  if (Array.isArray(value)) return value.map(textOf).join('')
  return escapeHtml(String(value))
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}
