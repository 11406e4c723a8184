/**
 * The same text in memory of its own. V8 keeps a text of 13 characters or more that was cut from another one
 * as a reference to all of that: what lives longer than its request would keep the whole head in memory.
 */
export function copied(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text))
  return String(copy)
}
