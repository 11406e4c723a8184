/** TLS on the traffic listener, with certificates that are read anew when their files change. */
import { stat } from 'node:fs/promises'
import type { Server as PlainServer } from 'node:http'
import type { ServerOptions } from 'node:https'
import { Server as TlsServer } from 'node:tls'

import type { Logger } from 'pino'

import { readListenerTls, type ListenerTls } from '../config/read-tls.ts'
import type { Config } from '../config/schema.ts'
import type { Metrics } from '../observe/metrics.ts'

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

const LOOK_EVERY_MS = 1000

/**
 * Looks at the files themselves: the symlinks of a Kubernetes secret are swapped without an event
 * on them. A pair that does not fit keeps the old one; half of a pair is what a copy in progress
 * looks like. Connections that are open go on as they are. @returns a function that stops it.
 */
export function watchCertificates(
  server: PlainServer,
  files: NonNullable<Config['listen']['tls']>,
  logger: Logger,
  metrics: Metrics,
): () => void {
  if (!(server instanceof TlsServer)) throw new Error('a plain listener has no certificates')
  let known: string | undefined
  const look = async () => {
    const now = await versionOf(files)
    if (known === undefined || now === known) {
      known = now
      return
    }
    known = now
    try {
      server.setSecureContext(readListenerTls(files))
      metrics.tlsReloads.inc({ result: 'success' })
      logger.info({ cert_file: files.certFile }, 'certificate reloaded')
    } catch (error) {
      metrics.tlsReloads.inc({ result: 'failure' })
      logger.error({ cert_file: files.certFile, err: error }, 'certificate kept: the new one fails')
    }
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}

/** Changes whenever any of the files does. */
async function versionOf(files: NonNullable<Config['listen']['tls']>): Promise<string> {
  const names = [files.certFile, files.keyFile, ...(files.clientCaFile ? [files.clientCaFile] : [])]
  const versions = names.map(async (name) => {
    try {
      const { ino, size, mtimeMs } = await stat(name)
      return `${String(ino)} ${String(size)} ${String(mtimeMs)}`
    } catch {
      return 'missing'
    }
  })
  return (await Promise.all(versions)).join(', ')
}
