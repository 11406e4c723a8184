/** A host and a port as one text, where an IPv6 address stands in brackets (RFC 3986 3.2.2). */

export function formatHostPort({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

/** @param hostname as of a URL. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
