/**
 * Who sent a response, and what it means for the request. The gateway's own responses have one fixed form
 * (exchange/error-response.ts), and an SDK names itself in a header. All others are strangers.
 */
import { STATUS_CODES } from 'node:http'

import { quotable } from '../gateway/redact/safe-text.ts'
import type { Answer } from './answer.ts'
import type { Reply } from './exchange.ts'
import { readStreamedResponse } from './streamed-response.ts'

export interface Reading {
  /**
   * `undecided`: the gateway had a reason other than the request. `stranger`: a proxy in front, or an app
   * without an SDK of Inngest's, refused it. `unanswered`: there was no response.
   */
  readonly is: 'admitted' | 'failed' | 'refused' | 'undecided' | 'stranger' | 'unanswered'
  /** For a streamed response the status inside it. 0 if there is no response, or none inside the stream. */
  readonly status: number
  readonly text: string
}

export function readReply(reply: Reply, method: string): Reading {
  switch (reply.kind) {
    case 'answer':
      return readAnswer(reply.answer, method)
    case 'silence':
      return unanswered(SILENCES[reply.why])
    case 'unreachable':
      return unanswered(`not connected (${reply.code})`)
  }
}

const SILENCES = {
  time: 'no response in time',
  closed: 'connection closed without a response',
  unreadable: 'response is not HTTP',
  endless: 'interim responses (1xx) and never a final one',
}

export function readAnswer(answer: Answer, method: string): Reading {
  const { status, fields } = answer
  const code = String(status)
  if (status === STREAMING) {
    const streamed = readStream(answer, method)
    if (streamed !== undefined) return streamed
  }
  if (namesSdk(answer)) {
    return { is: 'admitted', status, text: `app responded with ${code}` }
  }
  switch (ownAnswer(answer, method)) {
    case 'fault':
      return readFault(status)
    case 'refusal':
      return status === 503 || status === 429
        ? { is: 'undecided', status, text: `deferred by the gateway with ${code}` }
        : { is: 'refused', status, text: `refused with ${code}` }
    case undefined: {
      const server = fields.get('server')
      const who = `something that is neither the gateway nor an Inngest SDK${server === undefined ? '' : ` (Server: ${quotable(server, 40)})`}`
      return {
        is: isByApp(status) ? 'admitted' : 'stranger',
        status,
        text: `response ${code} from ${who}`,
      }
    }
  }
}

/** The status of every response of an SDK that streams. */
const STREAMING = 201

/** @returns undefined if the status is that of an app or SDK that does not stream. */
function readStream(answer: Answer, method: string): Reading | undefined {
  const inside = readStreamedResponse(answer.body)
  const by = 'app responded with'
  if (inside.ok) {
    const text = `${by} ${String(inside.status)} inside a streamed 201`
    return { is: 'admitted', status: inside.status, text }
  }
  if (method !== 'POST' || !namesSdk(answer)) return undefined
  return {
    is: 'admitted',
    status: 0,
    text: `${by} 201, but the streamed response ${inside.problem}`,
  }
}

function readFault(status: number): Reading {
  const code = String(status)
  return status === 502 || status === 504
    ? { is: 'failed', status, text: `admitted, but the app failed (${code})` }
    : { is: 'undecided', status, text: `not decided: the gateway failed (${code})` }
}

function unanswered(text: string): Reading {
  return { is: 'unanswered', status: 0, text }
}

function namesSdk({ fields }: Answer): boolean {
  return [...fields.keys()].some((name) => name.startsWith('x-inngest-'))
}

/** The app's SDK does not name itself. A proxy in front refuses with other statuses. */
function isByApp(status: number): boolean {
  return (status >= 200 && status < 300) || status === 500
}

function ownAnswer(answer: Answer, method: string): 'refusal' | 'fault' | undefined {
  const { status, fields, body } = answer
  if (fields.get('content-type')?.startsWith('application/json') !== true) return undefined
  // Without a body, only the headers identify it.
  if (method === 'HEAD') return fields.get('cache-control') === 'no-store' ? 'refusal' : undefined
  const own = readOwn(body)
  if (own?.['error'] !== (STATUS_CODES[status] ?? 'Error')) return undefined
  return typeof own['message'] === 'string' ? 'fault' : 'refusal'
}

const OWN_MEMBERS = new Set(['error', 'message', 'requestId'])

function readOwn(body: string): Record<string, unknown> | undefined {
  try {
    const own = JSON.parse(body) as Record<string, unknown> | null
    if (own === null || typeof own !== 'object' || typeof own['requestId'] !== 'string')
      return undefined
    return Object.keys(own).every((name) => OWN_MEMBERS.has(name)) ? own : undefined
  } catch {
    return undefined
  }
}
