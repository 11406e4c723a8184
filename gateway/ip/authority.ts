/**
 * Authorities (host and optional port, RFC 3986 3.2) in one spelling, so that all code agrees on when two of
 * them are the same. Letter case, a final dot, the brackets and zeros of an IPv6 address, and the default
 * port of the scheme make no difference.
 */
import { formatAddress, parseAddress } from './address.ts'

export type Scheme = 'http' | 'https'

export interface Authority {
  /** Lower case, without a final dot; an IPv6 address without brackets, in its shortest form. */
  readonly host: string
  readonly port: number | undefined
}

const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_-][a-z0-9._-]*?)\.?)(?::(\d{1,5}))?$/i

const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = { http: 80, https: 443 }

/** @returns undefined if the text is not a host name or address with an optional port. */
export function parseAuthority(text: string): Authority | undefined {
  const [, bracketed, name, portText] = AUTHORITY.exec(text) ?? []
  const port = portText === undefined ? undefined : Number(portText)
  if (port !== undefined && port > 65_535) return undefined
  if (name !== undefined) return { host: name.toLowerCase(), port }
  const address = bracketed?.includes(':') ? parseAddress(bracketed) : undefined
  if (address === undefined) return undefined
  const host = address.family === 6 ? formatAddress(address) : `::ffff:${formatAddress(address)}`
  return { host, port }
}

/**
 * One spelling for each authority.
 * @param scheme whose default port is removed. Undefined if it is not known, as behind a proxy that ends
 * TLS: then both 80 and 443 are removed.
 * @returns undefined as `parseAuthority`.
 */
export function canonicalAuthority(text: string, scheme: Scheme | undefined): string | undefined {
  const authority = parseAuthority(text)
  if (authority === undefined) return undefined
  const { host, port } = authority
  const shown = host.includes(':') ? `[${host}]` : host
  return port === undefined || isDefaultPort(port, scheme) ? shown : `${shown}:${String(port)}`
}

/** @returns false if one of them is not an authority. */
export function isSameAuthority(one: string, other: string, scheme: Scheme | undefined): boolean {
  const canonical = canonicalAuthority(one, scheme)
  return canonical !== undefined && canonical === canonicalAuthority(other, scheme)
}

function isDefaultPort(port: number, scheme: Scheme | undefined): boolean {
  if (scheme !== undefined) return DEFAULT_PORTS[scheme] === port
  return Object.values(DEFAULT_PORTS).includes(port)
}

/** A host and a port as one text, where an IPv6 address stands in brackets (RFC 3986 3.2.2). */
export function formatHostPort({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

/** @param hostname as of a URL. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
