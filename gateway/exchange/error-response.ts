/**
 * The gateway's own responses. Inngest shows them in a run's trace, so they disclose little: one fixed text for
 * each status and the request id, which leads to the log line. They have no `X-Inngest-SDK` and no
 * `x-inngest-no-retry`: the first would make this the app's response, the second would end the step.
 */
import { randomInt } from 'node:crypto'
import { STATUS_CODES } from 'node:http'

import type { ClientResponse } from '../accept/client-response.ts'
import { INNGEST_METHODS } from '../admit/checks/inngest-use.ts'
import { faults, messageFor, type GatewayFault } from '../admit/faults.ts'
import { reasons, type Phase, type Reason } from '../admit/reasons.ts'

/** The request that gets the response. */
export interface RespondedTo {
  readonly head: { readonly method: string }
  readonly requestId: string
}

const RETRY_AFTER_SECONDS = 5

/**
 * For a call that got no turn. Each retry costs its run an attempt, and Inngest uses this time instead of its
 * own, which begins with 15 to 45 s (inngest `backoff.go`). Randomized, so that a refused burst does not return
 * as one.
 */
const LIMITED_RETRY_AFTER_SECONDS = { least: 30, most: 60 } as const

/** @returns the status sent; undefined if none was. */
export function sendRefusal(
  response: ClientResponse | undefined,
  reason: Reason,
  to: RespondedTo,
): number | undefined {
  const { status, phase } = reasons[reason]
  return send(response, { status, retryAfter: retryAfterOf(phase) }, to)
}

/** @returns the status sent, or that of the response which is cut off here; undefined if no client is left. */
export function sendFault(
  response: ClientResponse | undefined,
  fault: GatewayFault,
  to: RespondedTo,
): number | undefined {
  if (response?.isStarted === true) {
    if (!response.isFlushed) response.cut()
    return response.status
  }
  const { status } = faults[fault.code]
  const own = { status, message: messageFor(fault.code), retryAfter: RETRY_AFTER_SECONDS }
  return send(response, own, to)
}

function retryAfterOf(phase: Phase): number {
  if (phase !== 'limits') return RETRY_AFTER_SECONDS
  const { least, most } = LIMITED_RETRY_AFTER_SECONDS
  return randomInt(least, most + 1)
}

interface OwnResponse {
  readonly status: number | undefined
  readonly message?: string
  /** Seconds, for the statuses with a `Retry-After`. */
  readonly retryAfter: number
}

function send(
  response: ClientResponse | undefined,
  { status: ownStatus, message, retryAfter }: OwnResponse,
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
  response.start(status, headersOf(status, method, body.length, retryAfter), {
    kind: 'length',
    bytes: body.length,
  })
  response.write(body)
  response.end()
  return status
}

function headersOf(status: number, method: string, bytes: number, retryAfter: number): string[] {
  const headers = [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(bytes),
    'Cache-Control',
    'no-store',
  ]
  // Required by RFC 9110 15.5.2 and 15.5.6.
  if (status === 401) headers.push('WWW-Authenticate', 'InngestSignature')
  // A GET is refused for its method only where introspection is off.
  if (status === 405) {
    headers.push('Allow', [...INNGEST_METHODS].filter((each) => each !== method).join(', '))
  }
  if (status === 503 || status === 429) headers.push('Retry-After', String(retryAfter))
  return headers
}

/**
 * Inngest takes every response to a sync other than 400, 401, 403, 404 and 500 for a success (inngest
 * `deploy.go` GetDeployError).
 */
function publicStatus(method: string, status: number): number {
  if (method !== 'PUT' || [400, 401, 403, 404, 500].includes(status)) return status
  if (status === 409) return 403
  return status < 500 ? 400 : 500
}
