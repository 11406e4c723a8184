/** Reads the certificates and keys that the configuration names, and holds each pair together. */
import { createSecureContext } from 'node:tls'

import type { UpstreamTlsPolicy } from '../policy.ts'
import { formatPath, type LineOf, type Problem } from './problem.ts'
import { readPlainFile } from './read-file.ts'
import type { Config } from './schema.ts'

export interface TlsMaterial {
  readonly listener: ListenerTls | undefined
  /** Authorities of the servers that publish ranges; undefined for the well-known ones. */
  readonly rangesCa: string | undefined
  readonly replay: ReplayTls
  /** In the order of the routes. */
  readonly upstreams: readonly UpstreamTlsPolicy[]
}

/** PEM texts. */
export interface ListenerTls {
  readonly cert: string
  readonly key: string
  /** Authorities of client certificates; undefined asks for none. */
  readonly ca: string | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** PEM texts. */
export interface ReplayTls {
  /** Authorities of the replay store's server; undefined for the well-known ones. */
  readonly ca: string | undefined
  /** What it is shown, should it ask. */
  readonly cert: string | undefined
  readonly key: string | undefined
}

export type TlsReading =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export function readTls(file: string, config: Config, lineOf: LineOf): TlsReading {
  const problems: Problem[] = []
  const attempt = <T>(path: readonly PropertyKey[], read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      const expected = 'PEM files that are readable and belong together'
      const found = error instanceof Error ? plainMessage(error) : 'an error'
      problems.push({ file, line: lineOf(path), path: formatPath(path), expected, found })
      return undefined
    }
  }
  const { tls } = config.listen
  const listener = tls && attempt(['listen', 'tls'], () => readListenerTls(tls))
  const authorities = (section: 'inngestRanges' | 'replay') => {
    const { caFile } = config[section]
    return caFile === undefined
      ? undefined
      : attempt([section, 'caFile'], () => readAuthorities(caFile))
  }
  const rangesCa = authorities('inngestRanges')
  const { certFile, keyFile } = config.replay
  const pair = attempt(['replay', 'certFile'], () => readClientTls({ certFile, keyFile }))
  const replay = { ca: authorities('replay'), cert: pair?.cert, key: pair?.key }
  const upstreams = config.routes.map(
    ({ upstreamTls = {} }, i) =>
      attempt(['routes', i, 'upstreamTls'], () => readClientTls(upstreamTls)) ?? {},
  )
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, material: { listener, rangesCa, replay, upstreams } }
}

/** @throws if a file cannot be read, or certificate and key do not belong together. */
function readListenerTls(tls: NonNullable<Config['listen']['tls']>): ListenerTls {
  const { minVersion } = tls
  const cert = readText(tls.certFile)
  const key = readText(tls.keyFile)
  const ca = tls.clientCaFile === undefined ? undefined : readAuthorities(tls.clientCaFile)
  createSecureContext({ cert, key, ca })
  return { cert, key, ca, minVersion }
}

function readClientTls({
  caFile,
  certFile,
  keyFile,
  serverName,
}: NonNullable<Config['routes'][number]['upstreamTls']>): UpstreamTlsPolicy {
  const material = {
    ...(caFile !== undefined && { ca: readAuthorities(caFile) }),
    ...(certFile !== undefined && { cert: readText(certFile) }),
    ...(keyFile !== undefined && { key: readText(keyFile) }),
  }
  createSecureContext(material)
  return { ...material, ...(serverName !== undefined && { serverName }) }
}

/** With an empty file OpenSSL would trust every well-known authority instead, in silence. */
function readAuthorities(file: string): string {
  const text = readText(file)
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`no certificate in ${file}`)
  return text
}

function readText(file: string): string {
  return readPlainFile(file).toString('utf8')
}

/** OpenSSL's and the file system's messages name files and reasons, never what is in a key. */
function plainMessage(error: Error): string {
  return error.message.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}
