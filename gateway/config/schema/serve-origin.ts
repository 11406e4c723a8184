/** Reads a route's `serveOrigin`, which `Host` and `X-Forwarded-Proto` are pinned to. */
import { canonicalAuthority } from '../../ip/authority.ts'
import type { ServeOrigin } from '../../admit/policy.ts'
import { isOrigin } from './upstream.ts'

export function parseServeOrigin(text: string): ServeOrigin | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isOrigin(url)) return undefined
  const protocol = url.protocol === 'https:' ? 'https' : 'http'
  const host = canonicalAuthority(url.host, protocol)
  return host === undefined ? undefined : { protocol, host }
}
