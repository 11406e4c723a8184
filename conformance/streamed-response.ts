/**
 * The response inside a streamed one. An SDK that streams responds 201 before it has verified anything, sends
 * spaces while it works, and ends with one JSON object that contains the real status. Inngest's server reads
 * the body of every 201 to a function call in this way (httpdriver/parse.go), so only the status inside shows
 * whether the app accepted the request.
 */
export type StreamedResponse =
  | { readonly ok: true; readonly status: number }
  /** @param problem completes "the streamed response …". */
  | { readonly ok: false; readonly problem: string }

export function readStreamedResponse(body: string): StreamedResponse {
  // JSON's own white space, the only bytes that may precede a JSON text (RFC 8259 2).
  if (/^[\t\n\r ]*$/.test(body)) return { ok: false, problem: 'never came' }
  const envelope = parseObject(body)
  if (envelope === undefined) return { ok: false, problem: 'is not one whole JSON object' }
  const { status } = envelope
  return isStatus(status)
    ? { ok: true, status }
    : { ok: false, problem: 'has no number from 100 to 599 as its `status`' }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599
}
