/**
 * The libraries that the gateway is built on and one HMAC pass, with nothing around them: node:http
 * in, undici out, a pino line of as many fields and as many metrics of prom-client as the gateway
 * has for a call. What the gateway costs beyond this is its own code; no check but the MAC is made,
 * nothing is bounded, and a client that leaves is not noticed.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'

import { destination, pino } from 'pino'
import { Counter, Histogram } from 'prom-client'
import { Pool, type Dispatcher } from 'undici'

import { peerSettings } from './peer-settings.ts'

const { port, upstreamPort, key } = peerSettings()
const pool = new Pool(`http://127.0.0.1:${String(upstreamPort)}`)
const macKey = createSecretKey(key, 'ascii')
const SIGNATURE = /^t=(\d+)&s=([0-9a-f]+)$/
const NOT_PASSED = new Set(['connection', 'content-length'])

/** As in the gateway: undici lets go of the pieces of a body that it iterates over. */
const LARGE_BODY_BYTES = 16_384

createServer((request, response) => {
  const startedMs = performance.now()
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => {
    pieces.push(piece)
  })
  request.on('end', () => {
    if (isSigned(request, pieces)) forward(request, pieces, response, startedMs)
    else response.writeHead(401).end()
  })
}).listen(port, '127.0.0.1')

function isSigned(request: IncomingMessage, pieces: readonly Buffer[]): boolean {
  const sent = SIGNATURE.exec(String(request.headers['x-inngest-signature']))
  if (sent?.[1] === undefined || sent[2] === undefined) return false
  const hmac = createHmac('sha256', macKey)
  for (const piece of pieces) hmac.update(piece)
  const mac = hmac.update(sent[1]).digest()
  const claimed = Buffer.from(sent[2], 'hex')
  return claimed.length === mac.length && timingSafeEqual(claimed, mac)
}

function forward(
  request: IncomingMessage,
  pieces: readonly Buffer[],
  response: ServerResponse,
  startedMs: number,
): void {
  const bodyBytes = pieces.reduce((sum, { length }) => sum + length, 0)
  const fields = passedFields(request.rawHeaders)
  const only = pieces.length === 1 ? pieces[0] : undefined
  const isLarge = bodyBytes > LARGE_BODY_BYTES
  if (isLarge) fields.push('content-length', String(bodyBytes))
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: 'POST',
      headers: fields,
      body: isLarge ? (pieces.values() as never) : (only ?? Buffer.concat(pieces)),
    },
    new Relay(response, (status) => {
      record({ request, bodyBytes, status, durationMs: performance.now() - startedMs })
    }),
  )
}

function passedFields(rawHeaders: readonly string[]): string[] {
  const fields: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]]
    if (!NOT_PASSED.has(name.toLowerCase())) fields.push(name, value)
  }
  return fields
}

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  readonly #onDone: (status: number) => void
  #last: Buffer | undefined

  constructor(response: ServerResponse, onDone: (status: number) => void) {
    this.#response = response
    this.#onDone = onDone
  }

  /** Asked for by undici. */
  onRequestStart(): void {
    // Nothing is bounded here.
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    fields: IncomingHttpHeaders,
  ): void {
    // Nobody else reads this object.
    delete fields.connection
    delete fields['keep-alive']
    this.#response.writeHead(status, fields)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#last !== undefined) this.#response.write(this.#last)
    this.#last = chunk
  }

  onResponseEnd(): void {
    this.#response.end(this.#last)
    this.#onDone(this.#response.statusCode)
  }

  onResponseError(): void {
    this.#response.destroy()
  }
}

interface Done {
  readonly request: IncomingMessage
  readonly bodyBytes: number
  readonly status: number
  readonly durationMs: number
}

const BATCH = 64
const logger = pino({ base: {} }, destination({ fd: 1, sync: true, minLength: 8192 }))
const requests = new Counter({
  name: 'requests_total',
  help: 'r',
  labelNames: ['route', 'method', 'decision', 'reason', 'code'],
})
const verifications = new Counter({ name: 'v_total', help: 'v', labelNames: ['result', 'slot'] })
const claims = new Counter({ name: 'claims_total', help: 'c', labelNames: ['result'] })
const durations = new Histogram({ name: 'd', help: 'd', labelNames: ['route', 'decision'] })
const upstreamDurations = new Histogram({ name: 'u', help: 'u', labelNames: ['route', 'code'] })
const bodies = new Histogram({ name: 'b', help: 'b' })
const ages = new Histogram({ name: 'a', help: 'a' })

let waiting: Done[] = []

/** Many together, as the gateway does. */
function record(done: Done): void {
  waiting.push(done)
  if (waiting.length < BATCH) return
  for (const each of waiting) recordOne(each)
  waiting = []
}

function recordOne({ request, bodyBytes, status, durationMs }: Done): void {
  const code = String(status)
  requests.inc({ route: 'app', method: 'POST', decision: 'admitted', reason: 'none', code })
  verifications.inc({ result: 'raw', slot: '0' })
  claims.inc({ result: 'claimed' })
  durations.observe({ route: 'app', decision: 'admitted' }, durationMs / 1000)
  upstreamDurations.observe({ route: 'app', code }, durationMs / 1000)
  bodies.observe(bodyBytes)
  ages.observe(1)
  const address = request.socket.remoteAddress
  logger.info(
    {
      request_id: request.headers['x-request-id'],
      decision: 'admitted',
      reason: 'none',
      client_ip: address,
      remote_ip: address,
      client_ip_source: 'peer',
      route: 'app',
      method: request.method,
      path: request.url,
      status,
      upstream_status: status,
      duration_ms: durationMs,
      upstream_duration_ms: durationMs,
      body_bytes: bodyBytes,
      signature_age_seconds: 1,
      key_slot: 0,
      key: 'BENCH_KEY',
      run_id: request.headers['x-run-id'],
    },
    'request',
  )
}
