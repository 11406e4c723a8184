/** The head of a request as the checks see it: raw, before anything in it is believed. */

export interface RequestHead {
  readonly method: string
  /** The request target as sent: path and query, byte for byte. */
  readonly target: string
  /** Name, value, name, value …: as sent, in order, duplicates kept (Node joins or drops them in `headers`). */
  readonly rawHeaders: readonly string[]
  /** Peer of the TCP connection; undefined for a unix socket or a connection already gone. */
  readonly remoteAddress: string | undefined
}

/** Every value of one field, in the order received. @param name lower-case. */
export function fieldValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const fieldName = rawHeaders[i]
    if (fieldName?.length === name.length && fieldName.toLowerCase() === name) {
      values.push(rawHeaders[i + 1] ?? '')
    }
  }
  return values
}
