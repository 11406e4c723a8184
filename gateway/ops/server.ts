/** Metrics, health and the status page, on a listener of their own: nothing on the traffic port bypasses a check. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import type { Registry } from 'prom-client'

import { singleFlight } from './single-flight.ts'
import { isOpsHost } from './host.ts'
import { boundAnswer, boundConnections } from './connections.ts'

export interface Health {
  /** Undefined when ready, otherwise why not, in a word. */
  notReadyBecause(): string | undefined | Promise<string | undefined>
}

/** A page beside them, with access rules of its own. Never rejects. */
export interface OpsPage {
  /** @returns false if it has nothing at this path. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

/** As prom-client's registry gives it. */
export type MetricsText = Pick<Registry, 'metrics' | 'contentType'>

/** What those ask for who come to operate the gateway. */
export interface OpsParts {
  readonly registry: MetricsText
  readonly health: Health
  /** Undefined if it is off. */
  readonly page: OpsPage | undefined
  /** Further names by which scrapers ask (ops-host.ts). */
  readonly hosts: readonly string[]
}

export interface OpsTimes {
  readonly headersTimeoutMs: number
  /** For an answer to be made and read. Default 10 s. */
  readonly answerTimeoutMs?: number
}

/** One rendering takes some milliseconds, in which no call is answered. */
export const RENDERING_PAUSE_MS = 100

const FOREIGN_HOST =
  'metrics are served by address, as localhost and by private names; add this one to ops.hosts\n'

const PATHS = '/metrics, /healthz, /livez and /readyz'
const PATHS_WITH_PAGE = '/metrics, /healthz, /livez, /readyz and /status'

export function createOpsServer(
  { registry, health, page, hosts }: OpsParts,
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
    // The connection ends with its first answer.
    response.shouldKeepAlive = false
    boundAnswer(request.socket, answerTimeoutMs)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead) answer(response, 405, 'method not allowed\n')
    else void answerPath(request, response, contents)
  })
  // What is sent behind the first request never gets to be handled.
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
        `not found; there are ${page === undefined ? PATHS : PATHS_WITH_PAGE}\n`,
      )
  }
}

/** A probe under any name gets the status, which is all that it needs. */
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
