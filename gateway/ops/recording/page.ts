/**
 * `POST /recording` on the ops listener: `?requests=50&timeout=300` starts a recording, and `?id=…` gets what
 * was recorded since. Only with the token of the status page.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { StatusToken } from '../../config/read/status-token.ts'
import type { OpsPage } from '../server.ts'
import { judgeAccess } from '../status/access.ts'
import type { RecordingBounds, RecordingDesk } from './desk.ts'

const mostRequests = 500
const mostTimeoutSeconds = 3600

const PATH = '/recording'

interface Answer {
  readonly status: number
  readonly document: object
}

export class RecordingPage implements OpsPage {
  readonly #desk: RecordingDesk
  /** Undefined permits no recording. */
  readonly #token: StatusToken | undefined

  constructor(desk: RecordingDesk, token: StatusToken | undefined) {
    this.#desk = desk
    this.#token = token
  }

  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (path !== PATH) return false
    const { status, document } = await this.#handle(request)
    const body = Buffer.from(JSON.stringify(document))
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    response.end(body)
    return true
  }

  async #handle({ headers, url = '', socket }: IncomingMessage): Promise<Answer> {
    if (this.#token === undefined) return problem(403, 'recording needs ops.statusPage.token')
    if (judgeAccess(headers, this.#token) !== 'granted') return problem(401, 'token required')
    const parameters = new URLSearchParams(url.slice(PATH.length))
    const id = parameters.get('id')
    if (id !== null) {
      const progress = await this.#desk.next(id)
      if (progress === undefined) return problem(410, 'the recording has ended')
      return { status: 200, document: progress }
    }
    const bounds = boundsOf(parameters)
    if (bounds === undefined) {
      return problem(
        400,
        `expected requests from 1 to ${String(mostRequests)}, and timeout from 1 to ${String(mostTimeoutSeconds)} (seconds)`,
      )
    }
    const started = this.#desk.start(bounds, socket.remoteAddress ?? 'unknown')
    if (started === undefined) return problem(409, 'another recording is in progress')
    return { status: 201, document: { id: started } }
  }
}

function boundsOf(parameters: URLSearchParams): RecordingBounds | undefined {
  const requests = countOf(parameters.get('requests'), mostRequests)
  const timeoutSeconds = countOf(parameters.get('timeout'), mostTimeoutSeconds)
  if (requests === undefined || timeoutSeconds === undefined) return undefined
  return { requests, timeoutMs: timeoutSeconds * 1000 }
}

function countOf(text: string | null, most: number): number | undefined {
  const count = /^[1-9]\d{0,4}$/.test(text ?? '') ? Number(text) : Infinity
  return count <= most ? count : undefined
}

function problem(status: number, text: string): Answer {
  return { status, document: { problem: text } }
}
