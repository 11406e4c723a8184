/** The server of an origin, in one spelling, so that two spellings of one server compare equal. */
import { formatAddress, parseAddress } from './address.ts'
import { formatHostPort, withoutBrackets } from './authority.ts'

/** `localhost` (RFC 6761 6.3), and the other names that Linux distributions write into `/etc/hosts`. */
const LOOPBACK_NAME =
  /^(?:(?:.+\.)?localhost|localhost[46]?(?:\.localdomain[46]?)?|ip6-(?:localhost|loopback))$/

/**
 * Host and port. The scheme makes no difference but for its default port; an IPv4-mapped address is its
 * IPv4 address; all names and addresses of the loopback interface are one host, and so are the unspecified
 * addresses, which Linux connects to it. @param origin of an http or https URL.
 */
export function serverOf(origin: string): string {
  const { protocol, hostname, port } = new URL(origin)
  const host = withoutBrackets(hostname).replace(/\.$/, '')
  const defaultPort = protocol === 'https:' ? 443 : 80
  return formatHostPort({ host: hostOf(host), port: Number(port) || defaultPort })
}

function hostOf(host: string): string {
  const address = parseAddress(host)
  if (address === undefined) return LOOPBACK_NAME.test(host) ? 'localhost' : host
  const { family, value } = address
  const isLoopback = family === 4 ? value >> 24n === 127n : value === 1n
  return isLoopback || value === 0n ? 'localhost' : formatAddress(address)
}
