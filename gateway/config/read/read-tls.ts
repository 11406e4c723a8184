/** Reads the certificates and keys that the configuration names. */
import { createSecureContext, type SecureContextOptions } from 'node:tls'

import { plainError } from '../../redact/safe-text.ts'
import type { UpstreamTlsPolicy } from '../../admit/policy.ts'
import { PemFiles, type PemReport } from './pem.ts'
import { problemAt, type Locate, type Problem } from '../problem.ts'
import type { Config } from '../schema/config.ts'

export interface TlsMaterial {
  readonly listener: ListenerTls | undefined
  /** Authorities for the servers that publish ranges; undefined for the well-known ones. */
  readonly rangesCa: string | undefined
  readonly replay: ReplayTls
  /** In the order of the routes. */
  readonly upstreams: readonly UpstreamTlsPolicy[]
}

/** PEM texts. */
export interface ListenerTls {
  readonly cert: string
  readonly key: string
  /** Authorities of client certificates; undefined if none are required. */
  readonly ca: string | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** PEM texts. */
export interface ReplayTls {
  /** Authorities for the replay store's server; undefined for the well-known ones. */
  readonly ca: string | undefined
  /** The client certificate, in case the server requires one. */
  readonly cert: string | undefined
  readonly key: string | undefined
}

export type TlsReading =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export function readTls(config: Config, locate: Locate): TlsReading {
  const problems: Problem[] = []
  const report: PemReport = (path, expected, found) => {
    problems.push(problemAt(locate(path), { expected, found }))
  }
  const pems = new PemFiles(report)
  const { tls } = config.listen
  const listener = tls && readListenerTls(pems, tls)
  const rangesCa = pems.authorities(['inngestRanges', 'caFile'], config.inngestRanges.caFile)
  const pair = pems.pair(['replay'], config.replay)
  const ca = pems.authorities(['replay', 'caFile'], config.replay.caFile)
  const replay = { ca, cert: pair?.cert, key: pair?.key }
  const upstreams = config.routes.map(({ upstreamTls = {} }, i) =>
    readUpstreamTls(pems, ['routes', i, 'upstreamTls'], upstreamTls),
  )
  if (problems.length === 0) {
    tryOut(['listen', 'tls'], listener, report)
    tryOut(['replay', 'certFile'], replay, report)
    for (const [i, each] of upstreams.entries()) tryOut(['routes', i, 'upstreamTls'], each, report)
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, material: { listener, rangesCa, replay, upstreams } }
}

/** @returns undefined if a file was reported. */
function readListenerTls(
  pems: PemFiles,
  tls: NonNullable<Config['listen']['tls']>,
): ListenerTls | undefined {
  const path = ['listen', 'tls']
  const pair = pems.pair(path, tls)
  const ca = pems.authorities([...path, 'clientCaFile'], tls.clientCaFile)
  return pair && { ...pair, ca, minVersion: tls.minVersion }
}

function readUpstreamTls(
  pems: PemFiles,
  path: readonly PropertyKey[],
  tls: NonNullable<Config['routes'][number]['upstreamTls']>,
): UpstreamTlsPolicy {
  const { serverName } = tls
  const ca = pems.authorities([...path, 'caFile'], tls.caFile)
  return {
    ...(ca !== undefined && { ca }),
    ...pems.pair(path, tls),
    ...(serverName !== undefined && { serverName }),
  }
}

/** Tests them with OpenSSL, which refuses, for example, a key that it considers too short. */
function tryOut(
  path: readonly PropertyKey[],
  material: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> | undefined,
  report: PemReport,
): void {
  if (material === undefined) return
  const { ca, cert, key } = material
  try {
    createSecureContext({ ca, cert, key })
  } catch (error) {
    report(path, 'PEM files that OpenSSL accepts', plainError(error))
  }
}
