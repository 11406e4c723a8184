/**
 * The gateway's own answers. Inngest shows them in a run's trace, so they say little: one fixed
 * text for each status and the request id by which the log line is found. No `X-Inngest-SDK` and
 * no `x-inngest-no-retry`: the first would make this the app's answer, the second end the step.
 */
import { STATUS_CODES, type ServerResponse } from 'node:http'

import { faults, type GatewayFault } from '../errors.ts'
import { reasons, type Reason } from '../verdict.ts'

export interface Refusal {
  readonly method: string
  readonly requestId: string
}

const RETRY_AFTER_SECONDS = 5

/** @returns the status sent. */
export function sendRefusal(response: ServerResponse, reason: Reason, request: Refusal): number {
  return send(response, reasons[reason].status, undefined, request)
}

/** @returns the status sent, or undefined if nobody is left or an answer is on its way already. */
export function sendFault(
  response: ServerResponse,
  fault: GatewayFault,
  request: Refusal,
): number | undefined {
  const { status, message } = faults[fault.code]
  if (response.headersSent || status === undefined) {
    // An answer cut short must not look complete.
    response.destroy()
    return response.headersSent ? response.statusCode : undefined
  }
  return send(response, status, message, request)
}

function send(
  response: ServerResponse,
  ownStatus: number,
  message: string | undefined,
  { method, requestId }: Refusal,
): number {
  const status = publicStatus(method, ownStatus)
  const text = { error: STATUS_CODES[status] ?? 'Error', ...(message && { message }), requestId }
  const body = Buffer.from(`${JSON.stringify(text)}\n`)
  const fields: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
  }
  // RFC 9110 15.5.2 and 15.5.6 require these.
  if (status === 401) fields['www-authenticate'] = 'InngestSignature'
  if (status === 405) fields['allow'] = 'GET, POST, PUT'
  if (status === 503) fields['retry-after'] = RETRY_AFTER_SECONDS
  // What is left of an unread body would be taken for the next request.
  if (!response.req.complete) fields['connection'] = 'close'
  response.writeHead(status, fields)
  response.end(method === 'HEAD' ? undefined : body)
  return status
}

/**
 * Inngest takes every answer to a sync other than 400, 401, 403, 404 and 500 for a success
 * (inngest `deploy.go` GetDeployError).
 */
function publicStatus(method: string, status: number): number {
  if (method !== 'PUT' || [400, 401, 403, 404, 500].includes(status)) return status
  if (status === 409) return 403
  return status < 500 ? 400 : 500
}
