/**
 * Warns once for each route whose app is registered with another scheme than that of `serveOrigin`: Inngest
 * then calls an unintended URL, such as plain HTTP. After a reload only a changed route is reported again.
 */
import { isDeepStrictEqual } from 'node:util'

import type { Logger } from 'pino'

import type { Facts } from '../admit/facts.ts'
import type { RoutePolicy } from '../admit/policy.ts'

export class RegisteredSchemes {
  /** By the name of the route: its policy at the time of the warning. */
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
