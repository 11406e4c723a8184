/** TLS on the traffic listener, with certificates that can be renewed while it listens. */
import type { Server as PlainServer } from 'node:http'
import type { ServerOptions } from 'node:https'
import { Server as TlsServer } from 'node:tls'

import type { ListenerTls } from '../config/read/read-tls.ts'

export function tlsServerOptions(tls: ListenerTls, handshakeTimeout: number): ServerOptions {
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

/** For handshakes from now on; connections that are open go on as they are. */
export function renewCertificate(server: PlainServer, tls: ListenerTls): void {
  if (!(server instanceof TlsServer)) throw new Error('a plain listener has no certificates')
  server.setSecureContext(tls)
}
