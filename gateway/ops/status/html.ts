/**
 * HTML in which nothing becomes markup that was not written as such in a template here. What senders
 * write (paths, ids, addresses) is on the page, so each value is escaped where it is put in, and there
 * is no other way to put one in.
 */

/** Only `html` makes one, out of templates in the source. */
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

/** Values belong into text, or between the quotes of an attribute; never into script or style. */
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
