/** `healthcheck`: readiness as an exit code. */

const TIMEOUT_MS = 3000

export async function healthcheck(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = (await response.text()).trim()
    if (response.ok) return 0
    console.error(`not ready: ${text}`)
  } catch (error) {
    console.error(`cannot ask ${url}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return 1
}
