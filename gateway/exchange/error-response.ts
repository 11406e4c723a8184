/**
 * The gateway's own answers. Inngest shows them in a run's trace, so they say little: one fixed
 * text for each status and the request id by which the log line is found. No `X-Inngest-SDK` and
 * no `x-inngest-no-retry`: the first would make this the app's answer, the second end the step.
 */
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import { INNGEST_METHODS } from '../admit/checks/inngest-use.ts'
import { faults, messageFor, type GatewayFault } from '../admit/faults.ts'
import { reasons, type Reason } from '../admit/reasons.ts'
import { cutShort } from './cut-short.ts'
import { endAnswerLingering, endLingering } from '../accept/lingering-close.ts'

export interface AnswerTo {
  readonly method: string
  readonly requestId: string
}

const RETRY_AFTER_SECONDS = 5

/** @returns the status sent. */
export function sendRefusal(
  response: ServerResponse,
  reason: Reason,
  answerTo: AnswerTo,
): number | undefined {
  return send(response, answerFor(reasons[reason].status, undefined, answerTo))
}

/** @returns the status sent, or undefined if nobody is left or an answer is on its way already. */
export function sendFault(
  response: ServerResponse,
  fault: GatewayFault,
  answerTo: AnswerTo,
): number | undefined {
  if (response.headersSent) {
    cutShort(response)
    return response.statusCode
  }
  const { status } = faults[fault.code]
  return send(response, answerFor(status, messageFor(fault.code), answerTo))
}

/** The same for a connection that has no `ServerResponse`; it is closed. @returns the status sent. */
export function sendOnSocket(
  socket: Duplex,
  status: number | undefined,
  message: string | undefined,
  answerTo: AnswerTo,
): number | undefined {
  const answer = answerFor(status, message, answerTo)
  if (answer === undefined || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const fields = { ...answer.fields, connection: 'close', date: new Date().toUTCString() }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const line = `HTTP/1.1 ${String(answer.status)} ${STATUS_CODES[answer.status] ?? ''}\r\n`
  socket.write(`${line}${lines.join('')}\r\n`)
  if (answerTo.method !== 'HEAD') socket.write(answer.body)
  endLingering(socket)
  return answer.status
}

interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly body: Buffer
}

function answerFor(
  ownStatus: number | undefined,
  message: string | undefined,
  { method, requestId }: AnswerTo,
): Answer | undefined {
  if (ownStatus === undefined) return undefined
  const status = publicStatus(method, ownStatus)
  const text = { error: STATUS_CODES[status] ?? 'Error', ...(message && { message }), requestId }
  const body = Buffer.from(`${JSON.stringify(text)}\n`)
  const fields: Record<string, string> = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'cache-control': 'no-store',
  }
  // RFC 9110 15.5.2 and 15.5.6 require these.
  if (status === 401) fields['www-authenticate'] = 'InngestSignature'
  // A GET that is refused for its method is one where introspection is off.
  if (status === 405) {
    fields['allow'] = [...INNGEST_METHODS].filter((each) => each !== method).join(', ')
  }
  if (status === 503 || status === 429) fields['retry-after'] = String(RETRY_AFTER_SECONDS)
  return { status, fields, body }
}

function send(response: ServerResponse, answer: Answer | undefined): number | undefined {
  if (answer === undefined) {
    response.destroy()
    return undefined
  }
  const { status, fields, body } = answer
  if (response.req.complete) {
    response.writeHead(status, fields)
    // Node sends no body where a HEAD asked.
    response.end(body)
    return status
  }
  // What is left of an unread body would be taken for the next request.
  response.writeHead(status, { ...fields, connection: 'close' })
  // Writing the nothing that answers a HEAD would not send them.
  response.flushHeaders()
  response.write(body)
  // Nobody else reads it: what came in chunks of one byte would wait here as an object for each.
  response.req.resume()
  endAnswerLingering(response)
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
