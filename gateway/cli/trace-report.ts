/** The trace of a request through the checks as text. */
import { formatAddress, type Address } from '../ip/address.ts'
import type { ClientAddressSource } from '../admit/checks/client-address.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import { splitTarget } from '../admit/checks/route.ts'
import type { Settings } from '../config/compile.ts'
import { meaningOf, type Diagnosis } from '../diagnosis/diagnose.ts'
import { faults, type FaultCode } from '../admit/faults.ts'
import type { Facts } from '../admit/facts.ts'
import { keyOf } from '../record/log-fields.ts'
import { reasons, type Reason } from '../admit/reasons.ts'

export interface Way {
  readonly head: RequestHead
  readonly facts: Facts
  /** Undefined if it was admitted. */
  readonly refusal: Reason | undefined
  readonly diagnosis: Diagnosis | undefined
  readonly settings: Settings
}

export function describeWay(way: Way): string {
  const steps = [
    ['route', routeOf(way)],
    ['client', clientOf(way)],
    ['allowlist', allowlistOf(way)],
    ['signature', signatureOf(way)],
    ['app', appOf(way)],
    ['forwarded', resignedOf(way)],
    ['age', ageOf(way)],
    ['replay', replayOf(way)],
    ['report-only', reportOnlyOf(way)],
    ['diagnosis', diagnosisOf(way)],
    ['decision', decisionOf(way)],
  ] as const
  return steps
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => `${name.padEnd(12)}${text ?? ''}`)
    .join('\n')
}

function routeOf({ head, facts, refusal, settings }: Way): string {
  const { route } = facts
  if (route === undefined) {
    const host = fieldValues(head.rawHeaders, 'host').join(', ')
    return describeUnrouted(host, splitTarget(head.target).path, refusal, settings)
  }
  return `${route.name}${kindOf(facts)}, to ${route.upstream.socketPath ?? route.upstream.origin}`
}

function kindOf({ route, durable }: Facts): string {
  if (durable === 'user') return ' (durable: a request of a user, without any header of Inngest)'
  if (durable === 'reentry') return ' (durable: a re-entry, for its headers of Inngest)'
  return route?.kind === 'passthrough' ? ' (passthrough)' : ''
}

/** Maximum number of hosts in a message. */
const MOST_HOSTS = 20

/**
 * Explains why a request has no route.
 * @param refusal the reason, from this version or from a line of the log.
 */
export function describeUnrouted(
  host: string,
  path: string,
  refusal: string | undefined,
  { policy: { routes } }: Settings,
): string {
  const asked = `host ${host === '' ? 'none' : host} and path ${path}`
  if (refusal === 'path_ambiguous' || refusal === 'host_ambiguous') {
    return `ambiguous: the app could treat ${asked} as another route`
  }
  const hosts = [...new Set(routes.map((route) => route.host ?? 'any'))]
  const more = hosts.length > MOST_HOSTS ? ', …' : ''
  return `no route has ${asked}; hosts of the routes: ${hosts.slice(0, MOST_HOSTS).join(', ')}${more}`
}

const SOURCES: Readonly<Record<ClientAddressSource, string>> = {
  peer: 'remote address of the connection, not a trusted proxy',
  'x-forwarded-for': 'X-Forwarded-For: the first from the right that is not a trusted proxy',
  'proxy-protocol': 'PROXY header of a trusted proxy',
}

function clientOf({ facts: { client }, head }: Way): string {
  if (client === undefined) {
    return `unresolved: trusted proxy ${head.connection.remoteAddress ?? 'unknown'} sent no usable client address`
  }
  return `${formatAddress(client.address)}, ${SOURCES[client.source]}`
}

function allowlistOf({ facts, settings }: Way): string | undefined {
  const { client, route, durable } = facts
  if (client === undefined || route === undefined) return undefined
  if (route.kind === 'inngest' || durable === 'reentry') {
    return describeAllowed(client.address, settings)
  }
  const allowlist = route.kind === 'durable' ? route.users.allowlist : route.allowlist
  return allowlist === undefined
    ? 'any client address'
    : inRange(client.address, allowlist.find(client.address)?.text)
}

/** The range of the allowlist that contains an address. */
export function describeAllowed(address: Address, settings: Settings): string {
  for (const { source, ranges } of settings.allowlistSources) {
    const range = ranges.find(address)
    if (range !== undefined) {
      return `${inRange(address, range.text)}, ${source === 'config' ? 'from the configuration' : 'published by Inngest'}`
    }
  }
  return inRange(address, undefined)
}

function inRange(address: Address, range: string | undefined): string {
  return range === undefined ? `${formatAddress(address)} is in no range` : `in ${range}`
}

function signatureOf({ facts }: Way): string | undefined {
  const { signature, isUnsigned } = facts
  if (isUnsigned === true) return 'none, and this client needs none'
  if (signature === undefined) return undefined
  const form = signature.form === 'raw' ? 'the body as received' : 'the RFC 8785 form of the body'
  return `over ${form}, by key ${String(signature.keySlot)} (${keyOf(facts)?.label ?? ''})`
}

function resignedOf({ facts: { resignedWith } }: Way): string | undefined {
  return resignedWith && `with a new signature, by resignWith (${resignedWith})`
}

function appOf({ facts: { app, parameters } }: Way): string | undefined {
  if (app === undefined) return undefined
  const name = JSON.stringify(parameters?.fnId ?? null)
  return app === null ? `no configured app has fnId ${name}` : `${app}, by fnId ${name}`
}

function ageOf({ facts: { signatureAgeSeconds: age } }: Way): string | undefined {
  if (age === undefined) return undefined
  return age < 0 ? `${String(-age)} s in the future` : `${String(age)} s`
}

function replayOf({ facts: { claim } }: Way): string | undefined {
  return claim && 'would be claimed; this offline trace cannot see existing claims'
}

function reportOnlyOf({ facts: { reportOnly } }: Way): string | undefined {
  return reportOnly?.map(describeReason).join('; ')
}

function diagnosisOf({ diagnosis }: Way): string | undefined {
  return diagnosis && describeDiagnosis(diagnosis)
}

export function describeDiagnosis({ kind, detail }: Diagnosis): string {
  return `${kind}: ${meaningOf(kind)}${detail === undefined ? '' : ` (${detail})`}`
}

function decisionOf({ refusal }: Way): string {
  return refusal === undefined ? 'admitted' : describeRefusal(refusal)
}

/** The description of a refusal or a fault. */
export function describeReason(reason: string): string {
  if (Object.hasOwn(reasons, reason)) return describeRefusal(reason as Reason)
  if (!Object.hasOwn(faults, reason)) return reason
  return `failed as ${reason}: ${faults[reason as FaultCode].meaning}`
}

function describeRefusal(refusal: Reason): string {
  const { phase, status, meaning } = reasons[refusal]
  const answer = status === undefined ? 'no response' : String(status)
  return `refused as ${refusal} (${phase}, ${answer}): ${meaning}`
}
