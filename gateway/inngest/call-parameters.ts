/** The parameters of a call that decide which function runs, or what a sync or a probe is for. */

export interface CallParameters {
  readonly fnId: string | null
  readonly stepId: string | null
  readonly probe: string | null
  readonly deployId: string | null
  /** `fnId` or `stepId` is there twice: whoever takes the last one runs another function. */
  readonly isAmbiguous: boolean
}

/**
 * As URLSearchParams reads them, first values first; most queries need no decoding and are read
 * without it, at a tenth of the cost.
 * @param query raw, without `?`; empty if there is none.
 */
export function callParameters(query: string): CallParameters {
  // URLSearchParams takes one `?` off, and a second one is part of the first name.
  return collect(/[%+]/.test(query) ? new URLSearchParams(`?${query}`) : plainPairs(query))
}

function* plainPairs(query: string): Iterable<[name: string, value: string]> {
  for (const part of query.split('&')) {
    const mark = part.indexOf('=')
    yield mark === -1 ? [part, ''] : [part.slice(0, mark), part.slice(mark + 1)]
  }
}

function collect(pairs: Iterable<[string, string]>): CallParameters {
  const first = { fnId: null, stepId: null, probe: null, deployId: null, isAmbiguous: false }
  const found: { -readonly [Name in keyof CallParameters]: CallParameters[Name] } = first
  for (const [name, value] of pairs) {
    switch (name) {
      case 'fnId':
      case 'stepId':
        found.isAmbiguous ||= found[name] !== null
        found[name] ??= value
        break
      case 'probe':
      case 'deployId':
        found[name] ??= value
    }
  }
  return found
}
