/** The name or address that the certificate of an https upstream must contain. */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

import { withoutBrackets } from '../ip/authority.ts'
import type { UpstreamPolicy } from '../admit/policy.ts'

export interface CertificateCheck {
  /** Server name (SNI) to send; empty sends none. */
  readonly servername: string
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined
}

/** The configured server name, or the host of the upstream's URL. */
function certificateNameOf({ origin, tls }: Omit<UpstreamPolicy, 'socketPath'>): string {
  return tls.serverName ?? withoutBrackets(new URL(origin).hostname)
}

/**
 * An IP address is not a server name (RFC 6066 3), and Node 26 refuses to connect with one. The handshake has
 * no server name then, and the certificate must still contain the IP address (RFC 9110 4.3.5).
 */
export function certificateCheckOf(upstream: Omit<UpstreamPolicy, 'socketPath'>): CertificateCheck {
  const name = certificateNameOf(upstream)
  return {
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  }
}
