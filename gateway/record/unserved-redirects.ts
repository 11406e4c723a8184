/** Warns once for each redirect of an app to a target that no Inngest route serves. */
import type { Logger } from 'pino'

import type { Facts } from '../admit/facts.ts'
import { printable } from '../redact/safe-text.ts'

/** The app chooses the targets, so their number is limited. */
const MOST_WARNINGS = 100

export class UnservedRedirects {
  readonly #warned = new Set<string>()

  add({ route, unserved }: Facts, logger: Logger): void {
    if (unserved === undefined || this.#warned.size >= MOST_WARNINGS) return
    const line = {
      route: route?.name,
      host: printable(unserved.host),
      path: printable(unserved.path),
    }
    const key = JSON.stringify(line)
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    logger.warn(line, 'app redirects to a host and path that no Inngest route serves')
  }
}
