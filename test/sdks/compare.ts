/** In what two lists of responses differ, except for what differs from one request to the next. */
import { createHmac } from 'node:crypto'

import type { Response } from './exchange.ts'
import { keys } from './keys.ts'

/** Of a connection or of a moment. */
const passing = new Set([
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'etag',
  'server-timing',
  'traceparent',
  'tracestate',
  'x-inngest-signature',
])

export function differences(
  straight: readonly Response[],
  through: readonly Response[],
): readonly string[] {
  if (straight.length !== through.length) {
    return [`${String(straight.length)} responses, ${String(through.length)} through the gateway`]
  }
  const found = straight.flatMap((one, i) => {
    const other = through[i]
    return other === undefined ? [] : differencesOf(one, other)
  })
  return [...new Set(found)]
}

function differencesOf(one: Response, other: Response): readonly string[] {
  const names = new Set([...Object.keys(one.headers), ...Object.keys(other.headers)])
  const headers = [...names].filter(
    (name) => !passing.has(name) && masked(one.headers[name]) !== masked(other.headers[name]),
  )
  return [
    ...(one.status === other.status
      ? []
      : [`status ${String(one.status)}, then ${String(other.status)}`]),
    ...headers.map((name) => `header ${name}`),
    ...(masked(one.body) === masked(other.body) ? [] : ['body']),
    ...(isSigned(one) === isSigned(other) ? [] : ['signature of the response']),
  ]
}

/** Times, ciphertext, ids that the SDK makes up, spaces of a stream, and the same within a streamed response. */
function masked(text = ''): string {
  return text
    .replaceAll(/\\?"timing\\?":\s*\{[^}]*\}/g, '')
    .replaceAll(/(\\?"__STRATEGY__\\?":\s*\\?"[^"]*",\s*\\?"data\\?":)\s*\\?"[^"]*"/g, '$1')
    .replaceAll(/"(?:x-inngest-signature|server-timing|traceparent|tracestate)":\s*"[^"]*"/gi, '')
    .replaceAll(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, '')
    .trim()
}

/** Whether it has a signature, and that of these bytes. */
function isSigned({ headers, body }: Response): boolean {
  const signature = headers['x-inngest-signature'] ?? ''
  const [, timestamp = '', mac] = /^t=(\d+)&s=([0-9a-f]{64})$/.exec(signature) ?? []
  return [keys.current, keys.fallback].some((key) => {
    const bare = key.replace(/^signkey-\w+-/, '')
    return mac === createHmac('sha256', bare).update(body).update(timestamp).digest('hex')
  })
}
