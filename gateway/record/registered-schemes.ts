/**
 * Warns once for each route whose app is registered under another scheme than that of `serveOrigin`: Inngest
 * then calls a URL that the operator did not mean, such as plain HTTP. Only a changed route is warned of
 * again after a reload.
 */
import { isDeepStrictEqual } from 'node:util'

import type { Logger } from 'pino'

import type { Facts } from '../admit/facts.ts'
import type { RoutePolicy } from '../admit/policy.ts'

export class RegisteredSchemes {
  /** By the route's name: as it was when it was warned of. */
  readonly #warned = new Map<string, RoutePolicy>()

  add({ route, registeredOrigin }: Facts, logger: Logger): void {
    if (registeredOrigin === undefined || route?.serveOrigin === undefined) return
    if (isDeepStrictEqual(this.#warned.get(route.name), route)) return
    this.#warned.set(route.name, route)
    const { protocol, host } = route.serveOrigin
    const serveOrigin = `${protocol}://${host}`
    logger.warn(
      {
        route: route.name,
        registered: registeredOrigin,
        serve_origin: serveOrigin,
        remedy: `set INNGEST_SERVE_ORIGIN=${serveOrigin} in the environment of the app and sync it again (docs/how-to/sync.md)`,
      },
      'app registered with a different scheme than serveOrigin',
    )
  }
}
