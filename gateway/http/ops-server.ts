/** Metrics, health and the status page, on a listener of their own: nothing on the traffic port bypasses a check. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import type { Registry } from 'prom-client'

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

/** Only scrapers and probes come here, and they come with small requests and few connections. */
const REQUEST_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 200

const PATHS = '/metrics, /healthz, /livez and /readyz'
const PATHS_WITH_PAGE = '/metrics, /healthz, /livez, /readyz and /status'

/** @param page undefined if it is off. */
export function createOpsServer(
  registry: MetricsText,
  health: Health,
  page: OpsPage | undefined,
): Server {
  const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }
  const server = createServer(timeouts, (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead) answer(response, 405, 'method not allowed\n')
    else void answerPath(request, response, { registry, health, page })
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

interface OpsParts {
  readonly registry: MetricsText
  readonly health: Health
  readonly page: OpsPage | undefined
}

async function answerPath(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, health, page }: OpsParts,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  switch (path) {
    case '/metrics':
      answer(response, 200, await registry.metrics(), registry.contentType)
      return
    case '/healthz':
    case '/livez':
      answer(response, 200, 'ok\n')
      return
    case '/readyz': {
      const why = await health.notReadyBecause()
      answer(response, why === undefined ? 200 : 503, `${why ?? 'ok'}\n`)
      return
    }
    default:
      if ((await page?.answer(path, request, response)) === true) return
      answer(
        response,
        404,
        `not found; there are ${page === undefined ? PATHS : PATHS_WITH_PAGE}\n`,
      )
  }
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
