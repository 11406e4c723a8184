/** A redacted copy of a verified request, signed with the published test key. */
import type { AdmittedRequest } from '../admit/admit.ts'
import type { Facts, ReportOnlyReason } from '../admit/facts.ts'
import type { CheckModes, SigningRoutePolicy } from '../admit/policy.ts'
import { fieldValues } from '../admit/request-head.ts'
import { canonicalizeJson } from '../inngest/jcs/canonical-json.ts'
import { computeMac } from '../inngest/mac.ts'
import { parseSignatureHeader } from '../inngest/signature-header.ts'
import { formatAddress } from '../ip/address.ts'
import { redactBody } from './body.ts'
import { redactHeaders, SIGNATURE } from './headers.ts'
import { Unredactable, type Placeholders } from './placeholders.ts'
import { redactHost, redactPath, redactTarget } from './target.ts'
import { readTestKey } from './test-key.ts'

/** One line of a recording. Nothing in it is a value of the request, except those of the protocol. */
export interface RecordedRequest {
  /** Unix milliseconds on a clock that starts with the recording at `recordingEpochSeconds`. */
  readonly receivedAtMs: number
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** Placeholder; undefined if a trusted proxy named none. */
  readonly client: string | undefined
  /** What the signature covers. */
  readonly signature: 'raw' | 'canonical'
  /** Reasons of checks in report mode. */
  readonly reportOnly: readonly ReportOnlyReason[]
  readonly route: RecordedRoute
}

/** As much of the route as a gateway needs to decide the same. */
export interface RecordedRoute {
  readonly kind: 'inngest' | 'durable'
  readonly host: string | undefined
  readonly path: string
  readonly serveOrigin: string | undefined
  readonly apps: readonly string[] | undefined
  readonly checks: CheckModes
}

/** The second at which each recording starts on its own clock, in 2017: no copy is fresh anywhere. */
export const recordingEpochSeconds = 1_500_000_000

const testKey = readTestKey()

interface CopyParts {
  readonly accepted: AdmittedRequest
  readonly facts: Facts
  readonly receivedAtMs: number
  /** From the clock of the gateway to that of the recording. */
  readonly shiftSeconds: number
  readonly placeholders: Placeholders
}

/** @returns undefined if its signature was not verified. @throws Unredactable */
export function copyRequest(parts: CopyParts): RecordedRequest | undefined {
  const { accepted, facts, receivedAtMs, shiftSeconds, placeholders } = parts
  const { head, route, client } = accepted
  const { signature } = facts
  const signedAtSeconds = signatureTime(head.rawHeaders)
  if (signature === undefined || signedAtSeconds === undefined) return undefined
  const { form } = signature
  const body = redactReceived(receivedBody(parts), placeholders)
  const header = sign(body, form, signedAtSeconds + shiftSeconds)
  return {
    receivedAtMs: receivedAtMs + shiftSeconds * 1000,
    method: head.method,
    target: redactTarget(head.target, facts.app ?? '', placeholders),
    headers: redactHeaders(head.rawHeaders, header, placeholders),
    body,
    client: client && placeholders.ofAddress(formatAddress(client.address)),
    signature: form,
    reportOnly: facts.reportOnly ?? [],
    route: redactRoute(route, placeholders),
  }
}

function signatureTime(rawHeaders: readonly string[]): number | undefined {
  const [credentials = ''] = fieldValues(rawHeaders, SIGNATURE)
  return parseSignatureHeader(credentials)?.timestampSeconds
}

/** Of a body that was re-encoded on its way, the app gets the canonical form, and the copy has what came. */
function receivedBody({ accepted, facts: { evidence } }: CopyParts): Uint8Array {
  return evidence?.isHealed === true ? evidence.body : accepted.body.look().whole()
}

function redactReceived(received: Uint8Array, placeholders: Placeholders): string {
  const body = redactBody(received, placeholders)
  if (Buffer.byteLength(body) !== received.byteLength) throw new Unredactable('another length')
  return body
}

function sign(body: string, form: RecordedRequest['signature'], timeSeconds: number): string {
  const bytes = Buffer.from(body)
  const signed = form === 'raw' ? bytes : canonicalizeJson(bytes)
  if (signed === undefined) throw new Unredactable('no canonical form')
  const mac = computeMac(testKey, signed, timeSeconds).toString('hex')
  return `t=${String(timeSeconds)}&s=${mac}`
}

function redactRoute(route: SigningRoutePolicy, placeholders: Placeholders): RecordedRoute {
  const { kind, host, path, serveOrigin, checks } = route
  const apps = route.kind === 'inngest' ? route.apps?.served : undefined
  return {
    kind,
    host: host && redactHost(host, placeholders),
    path: redactPath(path, placeholders),
    serveOrigin:
      serveOrigin && `${serveOrigin.protocol}://${redactHost(serveOrigin.host, placeholders)}`,
    apps: apps && [...apps].map((app) => placeholders.of(app)),
    checks,
  }
}
