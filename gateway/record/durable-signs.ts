/**
 * Warns once for each passthrough route that leads to a durable endpoint, and once for each that Inngest calls.
 */
import type { Logger } from 'pino'

import type { Facts } from '../admit/facts.ts'
import type { DurableSign } from '../admit/durable-sign.ts'

const MESSAGES: Readonly<Record<DurableSign, string>> = {
  response: 'a passthrough route leads to a durable endpoint',
  request: 'Inngest calls a passthrough route',
}

export class DurableSigns {
  readonly #warned = new Set<string>()

  add({ route, durableSign }: Facts, logger: Logger): void {
    if (route === undefined || durableSign === undefined) return
    const key = `${durableSign} ${route.name}`
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    const line = {
      route: route.name,
      remedy:
        'add a route with policy: durable for the path of the endpoint (docs/how-to/durable-endpoints.md); without the headers of Inngest, each re-entry starts another run',
    }
    logger.warn(line, MESSAGES[durableSign])
  }
}
