/** TLS on the traffic listener. */
import type { TlsOptions } from 'node:tls'

import type { ListenerTls } from '../config/read/read-tls.ts'

export function tlsServerOptions(tls: ListenerTls, handshakeTimeout: number): TlsOptions {
  const asksForCertificate = tls.ca !== undefined
  return {
    ...tls,
    // Both together: a certificate that is requested and not verified would admit any client.
    requestCert: asksForCertificate,
    rejectUnauthorized: asksForCertificate,
    handshakeTimeout,
    // HTTP/2 has attacks of its own (CVE-2023-44487), and Inngest does not use it.
    ALPNProtocols: ['http/1.1'],
  }
}
