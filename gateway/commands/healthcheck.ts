/** `healthcheck`: readiness as an exit code. */
import { plainError } from '../plain-error.ts'

const TIMEOUT_MS = 3000

export async function healthcheck(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = (await response.text()).trim()
    if (response.ok) return 0
    console.error(`not ready: ${text}`)
  } catch (error) {
    // What fetch itself says is only that it failed.
    const cause = error instanceof Error ? (error.cause ?? error) : error
    console.error(`cannot ask ${url}: ${plainError(cause)}`)
  }
  return 1
}
