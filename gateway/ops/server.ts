/**
 * Metrics, health and the status page, on a listener of their own, so that no request on the traffic port
 * bypasses the checks.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { Registry } from 'prom-client'
import { singleFlight } from './single-flight.ts'
import { canonicalAuthority, parseAuthority } from '../ip/authority.ts'
import { networkOf } from '../accept/network-counts.ts'

export interface Health {
  /** Undefined when ready, otherwise the reason in one word. */
  notReadyBecause(): string | undefined | Promise<string | undefined>
}

/** A further page with its own access rules. Never rejects. */
export interface OpsPage {
  /** @returns false if it has no page at this path. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

/** The interface of prom-client's registry. */
export type MetricsText = Pick<Registry, 'metrics' | 'contentType'>

/** The parts that the ops listener serves. */
export interface OpsParts {
  readonly registry: MetricsText
  readonly health: Health
  /** Undefined if the status page is off. */
  readonly page: OpsPage | undefined
  /** Handles POST requests; undefined if recordings are off. */
  readonly recording: OpsPage | undefined
  /** Further names that scrapers use in `Host` (`isOpsHost`). */
  readonly hosts: readonly string[]
}

export interface OpsTimes {
  readonly headersTimeoutMs: number
  /** Limit for making a response and for reading it. Default 10 s. */
  readonly answerTimeoutMs?: number
}

/** One rendering takes some milliseconds, which block all other requests. */
export const RENDERING_PAUSE_MS = 100

const FOREIGN_HOST =
  'metrics are served only for an IP address, localhost or a private name as Host; add this host name to ops.hosts\n'

const PATHS = '/metrics, /healthz, /livez and /readyz'
const PATHS_WITH_PAGE = '/metrics, /healthz, /livez, /readyz and /status'

export function createOpsServer(
  { registry, health, page, recording, hosts }: OpsParts,
  { headersTimeoutMs, answerTimeoutMs = 10_000 }: OpsTimes,
): Server {
  const render = async () => Buffer.from(await registry.metrics())
  const metrics = singleFlight(render, RENDERING_PAUSE_MS)
  const contents = { metrics, contentType: registry.contentType, health, page, hosts }
  const options = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 1000),
  }
  const server = createServer(options, (request, response) => {
    // The connection ends with its first response.
    response.shouldKeepAlive = false
    boundAnswer(request.socket, answerTimeoutMs)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (isRead) void answerPath(request, response, contents)
    else void answerPost(request, response, recording)
  })
  // Further requests on the connection are not handled.
  server.maxRequestsPerSocket = 1
  boundConnections(server)
  return server
}

interface Contents extends Pick<OpsParts, 'health' | 'page' | 'hosts'> {
  readonly metrics: () => Promise<Buffer>
  readonly contentType: string
}

async function answerPath(
  request: IncomingMessage,
  response: ServerResponse,
  contents: Contents,
): Promise<void> {
  const { metrics, contentType, page } = contents
  const [path = ''] = (request.url ?? '').split('?')
  const isKnownHost = isOpsHost(request.headers.host, contents.hosts)
  switch (path) {
    case '/metrics':
      if (isKnownHost) answer(response, 200, await metrics(), contentType)
      else answer(response, 403, FOREIGN_HOST)
      return
    case '/healthz':
    case '/livez':
      answer(response, 200, 'ok\n')
      return
    case '/readyz':
      await answerReadiness(response, contents.health, isKnownHost)
      return
    default:
      if ((await page?.answer(path, request, response)) === true) return
      answer(
        response,
        404,
        `not found; available: ${page === undefined ? PATHS : PATHS_WITH_PAGE}\n`,
      )
  }
}

async function answerPost(
  request: IncomingMessage,
  response: ServerResponse,
  recording: OpsPage | undefined,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  const isPost = request.method === 'POST'
  if (isPost && (await recording?.answer(path, request, response)) === true) return
  answer(response, 405, 'method not allowed\n')
}

/** A probe with any `Host` gets the status code, which is all that it needs. */
async function answerReadiness(
  response: ServerResponse,
  health: Health,
  isKnownHost: boolean,
): Promise<void> {
  const why = await health.notReadyBecause()
  if (why === undefined) answer(response, 200, 'ok\n')
  else answer(response, 503, isKnownHost ? `${why}\n` : 'not ready\n')
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  type = 'text/plain',
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/**
 * Whether a request to the ops listener can be from a scraper or probe, judged by `Host`. Otherwise a web page
 * whose name resolves to this listener (DNS rebinding) could read metrics with a visitor's browser. Such a page
 * uses its own name, which is one of the public Internet.
 */

/**
 * Names that cannot be registered: RFC 6761, 6762, 8375, ICANN's decision of 2024-07-29 on `.internal`, and
 * Kubernetes' services with its default domain, which is below `.local`, or without it.
 */
const PRIVATE = /\.(?:localhost|local|internal|svc|home\.arpa)$/

/** @param names further ones, from the configuration. */
export function isOpsHost(host: string | undefined, names: readonly string[]): boolean {
  // Browsers always send `Host`; simple probes of HTTP/1.0 do not.
  if (host === undefined || host === '') return true
  const name = parseAuthority(host)?.host
  if (name === undefined) return false
  // A name without a dot belongs to the machine, a search domain, or a container network.
  if (isIP(name) !== 0 || !name.includes('.') || PRIVATE.test(name)) return true
  return names.some((each) => canonicalAuthority(each, undefined) === name)
}

/** Limits on the connections that clients of the ops listener can hold, and for how long. */

/** Only scrapers, probes and a few browsers connect here. */
const MAX_CONNECTIONS = 200
const MAX_CONNECTIONS_PER_ADDRESS = 50

interface Held {
  readonly socket: Socket
  readonly network: string
}

/**
 * The oldest connection is closed for the newest: one that sends a request gets its response at once, so an old
 * one is idle or does not read. So a probe is served even during a flood from its own address.
 */
function boundConnections(server: Server): void {
  const open = new Set<Held>()
  server.on('connection', (socket: Socket) => {
    const held = { socket, network: networkOf(socket.remoteAddress ?? '') }
    open.add(held)
    socket.once('close', () => open.delete(held))
    const tooMany = whatIsFull(open, held.network)
    const [oldest] = tooMany
    if (oldest === undefined) return
    open.delete(oldest)
    oldest.socket.destroy()
  })
}

/** @returns the candidates to close, oldest first; empty if there is room. */
function whatIsFull(open: ReadonlySet<Held>, network: string): readonly Held[] {
  const ofNetwork = [...open].filter((held) => held.network === network)
  if (ofNetwork.length > MAX_CONNECTIONS_PER_ADDRESS) return ofNetwork
  return open.size > MAX_CONNECTIONS ? [...open] : []
}

/** Closes the connection if the response is not made and read within the time. */
function boundAnswer(socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs)
  socket.once('close', () => {
    clearTimeout(timer)
  })
}
