/** Reads a route's `serveOrigin`, the pinned value of `Host` and `X-Forwarded-Proto`. */
import { canonicalAuthority } from '../ip/authority.ts'
import type { ServeOrigin, UpstreamPolicy } from '../admit/policy.ts'

export function parseServeOrigin(text: string): ServeOrigin | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isOrigin(url)) return undefined
  const protocol = url.protocol === 'https:' ? 'https' : 'http'
  const host = canonicalAuthority(url.host, protocol)
  return host === undefined ? undefined : { protocol, host }
}

/** Reads a route's `upstream`: an http or https origin, or a unix socket. */
export function parseUpstream(text: string): Omit<UpstreamPolicy, 'tls'> | undefined {
  const socketPath = /^unix:(?:\/\/)?(\/[^\0?#]+)$/.exec(text)?.[1]
  if (socketPath !== undefined) return { origin: 'http://localhost', socketPath }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isOrigin(url)) return undefined
  return { origin: url.origin, socketPath: undefined }
}

/** An http or https URL that has only a scheme, host and port. */
function isOrigin(url: URL): boolean {
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
  return isHttp && url.href === `${url.origin}/`
}
