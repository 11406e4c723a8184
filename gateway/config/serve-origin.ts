/** Reads a route's `serveOrigin`, which `Host` and `X-Forwarded-Proto` are pinned to. */
import type { ServeOrigin } from '../policy.ts'
import { isOrigin } from './upstream.ts'

export function parseServeOrigin(text: string): ServeOrigin | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isOrigin(url)) return undefined
  return { protocol: url.protocol === 'https:' ? 'https' : 'http', host: url.host }
}
