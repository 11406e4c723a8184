/** `/status` and `/status.json` on the ops listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Logger } from 'pino'

import type { StatusToken } from '../../config/read/status-token.ts'
import { RENDERING_PAUSE_MS, type Health, type OpsPage } from '../server.ts'
import { singleFlight } from '../single-flight.ts'
import { version } from '../../version.ts'
import { judgeAccess } from './access.ts'
import { readAssets, type Assets } from './assets.ts'
import { describeStatus } from './describe.ts'
import { renderPage } from './page.ts'
import type { Status } from './status.ts'

export interface StatusPageParts {
  /** Undefined if every client that reaches the listener may read the page. */
  readonly token: StatusToken | undefined
  /** Undefined if no status is available. */
  readonly read: () => Promise<Status | undefined>
  readonly health: Health
  readonly logger: Logger
}

const TEXT = 'text/plain; charset=utf-8'

interface Rendering {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}

const PATHS = ['/status', '/status.json'] as const

type Path = (typeof PATHS)[number]

export class StatusPage implements OpsPage {
  readonly #parts: StatusPageParts
  readonly #assets: Assets = readAssets()
  readonly #renderings: ReadonlyMap<string, () => Promise<Rendering>>

  constructor(parts: StatusPageParts) {
    this.#parts = parts
    const shared = (path: Path) => singleFlight(() => this.#render(path), RENDERING_PAUSE_MS)
    this.#renderings = new Map(PATHS.map((path) => [path, shared(path)]))
  }

  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const render = this.#renderings.get(path)
    if (render === undefined) return false
    this.#protect(response)
    const access = judgeAccess(request.headers, this.#parts.token)
    if (access !== 'granted') refuse(response, access)
    else send(response, await render())
    return true
  }

  async #render(path: Path): Promise<Rendering> {
    const { health, read, logger } = this.#parts
    try {
      const [notReady, status] = await Promise.all([health.notReadyBecause(), read()])
      if (status === undefined) return rendering(503, TEXT, 'no worker responds\n')
      const view = describeStatus(status, notReady)
      if (path === '/status') {
        const { style, script } = this.#assets
        return rendering(200, 'text/html; charset=utf-8', renderPage(view, style, script))
      }
      const document = { version, notReady: notReady ?? null, ...status, view }
      return rendering(200, 'application/json', JSON.stringify(document))
    } catch (error) {
      logger.error({ err: error }, 'status page failed')
      return rendering(500, TEXT, 'status page failed; see the log for the error\n')
    }
  }

  /** The page must not be cached, framed or embedded, and no other site gets it as a referrer. */
  #protect(response: ServerResponse): void {
    response.setHeaders(
      new Map([
        ['cache-control', 'no-store'],
        ['content-security-policy', this.#assets.contentSecurityPolicy],
        ['cross-origin-opener-policy', 'same-origin'],
        ['cross-origin-resource-policy', 'same-origin'],
        ['referrer-policy', 'no-referrer'],
        ['x-content-type-options', 'nosniff'],
        ['x-frame-options', 'DENY'],
      ]),
    )
  }
}

function refuse(response: ServerResponse, access: 'host' | 'token'): void {
  if (access === 'host') {
    const text =
      'host name not allowed without a token: use an IP address or localhost, or set ops.statusPage.token\n'
    send(response, rendering(403, TEXT, text))
    return
  }
  const realm = 'realm="inngest-gateway status"'
  response.setHeader('www-authenticate', [`Basic ${realm}, charset="UTF-8"`, `Bearer ${realm}`])
  send(
    response,
    rendering(401, TEXT, 'token required: send it as a bearer token or as the password\n'),
  )
}

function rendering(status: number, type: string, text: string): Rendering {
  return { status, type, body: Buffer.from(text) }
}

function send(response: ServerResponse, { status, type, body }: Rendering): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length })
  response.end(body)
}
