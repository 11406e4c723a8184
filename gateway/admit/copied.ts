/**
 * Copies a text to memory of its own. V8 keeps a substring of 13 or more characters as a reference to the whole
 * text, so a value that outlives its request would keep the whole head in memory.
 */
export function copied(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text))
  return String(copy)
}
