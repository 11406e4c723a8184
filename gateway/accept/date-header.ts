/** `Date` of a response that has none (RFC 9110 6.6.1). */

let secondOfText = 0
let text = ''

/** @param headers name, value, name, value … @returns the same form; empty if `headers` have one. */
export function dateHeader(headers: readonly string[]): readonly string[] {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'date') return []
  }
  const second = Math.floor(Date.now() / 1000)
  if (second !== secondOfText) {
    secondOfText = second
    text = new Date().toUTCString()
  }
  return ['Date', text]
}
