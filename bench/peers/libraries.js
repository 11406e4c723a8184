/**
 * What the gateway was built on before it had an HTTP/1.1 wire of its own, with nothing around it:
 * node:http for requests, undici to the upstream, one HMAC pass, a pino line of as many fields and as
 * many metrics of prom-client as the gateway has for a request. There is no check but the MAC, nothing
 * is bounded, and a client that disconnects is not noticed.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

import { destination, pino } from 'pino'
import { Counter, Histogram } from 'prom-client'
import { Pool } from 'undici'

import { peerSettings } from './peer-settings.ts'

const { port, upstreamPort, key } = peerSettings()
const pool = new Pool(`http://127.0.0.1:${String(upstreamPort)}`)
const macKey = createSecretKey(key, 'ascii')
const SIGNATURE = /^t=(\d+)&s=([0-9a-f]+)$/
const NOT_PASSED = new Set(['connection', 'content-length'])

/** As the gateway did: undici releases the pieces of a body that it iterates over. */
const LARGE_BODY_BYTES = 16_384

createServer((request, response) => {
  const startedMs = performance.now()
  const pieces = []
  request.on('data', (piece) => {
    pieces.push(piece)
  })
  request.on('end', () => {
    if (isSigned(request, pieces)) forward(request, pieces, response, startedMs)
    else response.writeHead(401).end()
  })
}).listen(port, '127.0.0.1')

function isSigned(request, pieces) {
  const sent = SIGNATURE.exec(String(request.headers['x-inngest-signature']))
  if (sent?.[1] === undefined || sent[2] === undefined) return false
  const hmac = createHmac('sha256', macKey)
  for (const piece of pieces) hmac.update(piece)
  const mac = hmac.update(sent[1]).digest()
  const claimed = Buffer.from(sent[2], 'hex')
  return claimed.length === mac.length && timingSafeEqual(claimed, mac)
}

function forward(request, pieces, response, startedMs) {
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
      body: isLarge ? pieces.values() : (only ?? Buffer.concat(pieces)),
    },
    new Relay(response, (status) => {
      record({ request, bodyBytes, status, durationMs: performance.now() - startedMs })
    }),
  )
}

function passedFields(rawHeaders) {
  const fields = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]]
    if (!NOT_PASSED.has(name.toLowerCase())) fields.push(name, value)
  }
  return fields
}

class Relay {
  #response
  #onDone
  #last

  constructor(response, onDone) {
    this.#response = response
    this.#onDone = onDone
  }

  /** undici refuses a handler without it. */
  onRequestStart() {
    // Nothing is bounded here.
  }

  onResponseStart(_, status, fields) {
    // No other code reads this object.
    delete fields.connection
    delete fields['keep-alive']
    this.#response.writeHead(status, fields)
  }

  onResponseData(_, chunk) {
    if (this.#last !== undefined) this.#response.write(this.#last)
    this.#last = chunk
  }

  onResponseEnd() {
    this.#response.end(this.#last)
    this.#onDone(this.#response.statusCode)
  }

  onResponseError() {
    this.#response.destroy()
  }
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

let waiting = []

/** Many together, as the gateway does. */
function record(done) {
  waiting.push(done)
  if (waiting.length < BATCH) return
  for (const each of waiting) recordOne(each)
  waiting = []
}

function recordOne({ request, bodyBytes, status, durationMs }) {
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
