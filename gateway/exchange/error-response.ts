/**
 * The gateway's own responses. Inngest shows them in a run's trace, so they say little: one fixed text for each
 * status and the request id by which the log line is found. No `X-Inngest-SDK` and no `x-inngest-no-retry`: the
 * first would make this the app's response, the second end the step.
 */
import { STATUS_CODES } from 'node:http'

import type { ClientResponse } from '../accept/client-response.ts'
import { INNGEST_METHODS } from '../admit/checks/inngest-use.ts'
import { faults, messageFor, type GatewayFault } from '../admit/faults.ts'
import { reasons, type Reason } from '../admit/reasons.ts'

/** The request that is responded to. */
export interface RespondedTo {
  readonly head: { readonly method: string }
  readonly requestId: string
}

const RETRY_AFTER_SECONDS = 5

/** @returns the status sent; undefined if nothing was. */
export function sendRefusal(
  response: ClientResponse | undefined,
  reason: Reason,
  to: RespondedTo,
): number | undefined {
  return send(response, reasons[reason].status, undefined, to)
}

/** @returns the status sent, or that of the response which this cuts off; undefined if nobody is left. */
export function sendFault(
  response: ClientResponse | undefined,
  fault: GatewayFault,
  to: RespondedTo,
): number | undefined {
  if (response?.isStarted === true) {
    if (!response.isFlushed) response.cut()
    return response.status
  }
  return send(response, faults[fault.code].status, messageFor(fault.code), to)
}

function send(
  response: ClientResponse | undefined,
  ownStatus: number | undefined,
  message: string | undefined,
  { head: { method }, requestId }: RespondedTo,
): number | undefined {
  if (response === undefined || response.isClosed) return undefined
  if (ownStatus === undefined) {
    response.cut()
    return undefined
  }
  const status = publicStatus(method, ownStatus)
  const text = { error: STATUS_CODES[status] ?? 'Error', ...(message && { message }), requestId }
  const body = Buffer.from(`${JSON.stringify(text)}\n`)
  response.start(status, headersOf(status, method, body.length), {
    kind: 'length',
    bytes: body.length,
  })
  response.write(body)
  response.end()
  return status
}

function headersOf(status: number, method: string, bytes: number): string[] {
  const headers = [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(bytes),
    'Cache-Control',
    'no-store',
  ]
  // RFC 9110 15.5.2 and 15.5.6 require these.
  if (status === 401) headers.push('WWW-Authenticate', 'InngestSignature')
  // A GET that is refused for its method is one where introspection is off.
  if (status === 405) {
    headers.push('Allow', [...INNGEST_METHODS].filter((each) => each !== method).join(', '))
  }
  if (status === 503 || status === 429) headers.push('Retry-After', String(RETRY_AFTER_SECONDS))
  return headers
}

/**
 * Inngest takes every response to a sync other than 400, 401, 403, 404 and 500 for a success
 * (inngest `deploy.go` GetDeployError).
 */
function publicStatus(method: string, status: number): number {
  if (method !== 'PUT' || [400, 401, 403, 404, 500].includes(status)) return status
  if (status === 409) return 403
  return status < 500 ? 400 : 500
}
