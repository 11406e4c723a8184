/** TLS on the traffic listener. */
import type { TlsOptions } from 'node:tls'

import type { ListenerTls } from '../config/read/read-tls.ts'

export function tlsServerOptions(tls: ListenerTls, handshakeTimeout: number): TlsOptions {
  const asksForCertificate = tls.ca !== undefined
  return {
    ...tls,
    // Never one without the other: asked for and not verified would let any certificate in.
    requestCert: asksForCertificate,
    rejectUnauthorized: asksForCertificate,
    handshakeTimeout,
    // HTTP/2 has its own ways to be attacked (CVE-2023-44487), and Inngest does not speak it.
    ALPNProtocols: ['http/1.1'],
  }
}
