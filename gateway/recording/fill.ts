/**
 * Text of which only the lengths stay: each character becomes a fixed one that takes as many bytes in UTF-8.
 * Letters, digits and punctuation become the same one: their order would give a short value away.
 */

/** @param text without half of a surrogate pair. */
export function fill(text: string): string {
  let filled = ''
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    // The first half of a pair brings its second half along.
    if (code < 0xdc00 || code > 0xdfff) filled += filler(code)
  }
  return filled
}

/** @param code of a character, or of the first half of a pair. */
export function filler(code: number): string {
  if (code < 0x80) return 'x'
  if (code < 0x800) return 'é'
  return code >= 0xd800 && code <= 0xdbff ? '🌍' : '世'
}
