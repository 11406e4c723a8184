/** A request as it is sent: everything that decides about it, and nothing that says what it is meant to be. */
export interface Wire {
  readonly method: string
  readonly path: string
  /** With `?`; empty if there is none. */
  readonly query: string
  /** Name and value of each, `Host` among them. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** Address of the sender. */
  readonly from: string
}

export function valuesOf({ headers }: Pick<Wire, 'headers'>, name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, v]) => v)
}

/** With this header in place of all of that name; without any if the value is undefined. */
export function withHeader(wire: Wire, name: string, value: string | undefined): Wire {
  const others = wire.headers.filter(([each]) => each.toLowerCase() !== name.toLowerCase())
  return { ...wire, headers: value === undefined ? others : [...others, [name, value]] }
}

export function parametersOf({ query }: Pick<Wire, 'query'>): URLSearchParams {
  return new URLSearchParams(query)
}

export function withParameter(wire: Wire, name: string, value: string): Wire {
  const parameters = parametersOf(wire)
  parameters.set(name, value)
  return { ...wire, query: `?${parameters.toString()}` }
}

/**
 * With a number, by which its log line and its arrival at the app are found: the trace of `traceparent` is
 * in both, is not signed, and decides nothing.
 */
export function withMark(wire: Wire, mark: number): Wire {
  const trace = mark.toString(16).padStart(32, '0')
  return withHeader(wire, 'traceparent', `00-${trace}-00000000000000aa-00`)
}

export function markOfTrace(trace: unknown): number | undefined {
  return typeof trace === 'string' && /^[0-9a-f]{32}$/.test(trace)
    ? Number.parseInt(trace, 16)
    : undefined
}

export function markOf(wire: Pick<Wire, 'headers'>): number | undefined {
  return markOfTrace(valuesOf(wire, 'traceparent')[0]?.split('-')[1])
}
