/** `healthcheck`: readiness as an exit code. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

import { plainError } from '../redact/safe-text.ts'
import { printError } from './print.ts'

const TIMEOUT_MS = 3000

export async function healthcheck(url: string): Promise<number> {
  try {
    // An agent of its own: the global one may use a proxy (NODE_USE_ENV_PROXY).
    const options = { agent: new Agent(), signal: AbortSignal.timeout(TIMEOUT_MS) }
    const [answer] = (await once(get(url, options), 'response')) as [IncomingMessage]
    const why = (await text(answer)).trim()
    if (answer.statusCode === 200) return 0
    printError(`not ready: ${why}`)
  } catch (error) {
    printError(`cannot reach ${url}: ${plainError(error)}`)
  }
  return 1
}
