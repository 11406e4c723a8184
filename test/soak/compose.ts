/** Honest requests, as Inngest's server makes them. */
import { signatureHeader } from '../support/sender.ts'
import type { Random } from './random.ts'
import { addresses, hosts, keys, type KeyName } from './settings.ts'
import { withHeader, type Wire } from './wire.ts'

export const nowSeconds = () => Math.floor(Date.now() / 1000)

export interface Signing {
  readonly key?: KeyName
  readonly t?: number
}

/** @param signed the bytes that are signed, if these are not the body. */
export function sign(wire: Wire, signing: Signing = {}, signed = wire.body): Wire {
  const { key = 'one', t = nowSeconds() } = signing
  return withHeader(wire, 'X-Inngest-Signature', signatureHeader(keys[key], signed, t))
}

const bare: Wire = {
  method: 'POST',
  path: '/api/inngest',
  query: '',
  headers: [['Host', hosts.any]],
  body: '',
  from: addresses.allowed,
}

export interface Ids {
  readonly fn: string
  readonly fnId: string
  readonly step: string
  readonly run: string
  readonly request: string
  readonly job: string
  readonly generation: number
  readonly version: number
}

export function drawIds(random: Random): Ids {
  const fn = random.between(1, 40)
  return {
    fn: `00000000-0000-4000-8000-${String(fn).padStart(12, '0')}`,
    fnId: `app-fn-${String(fn)}`,
    step: random.chance(0.5) ? 'step' : random.text(40),
    run: `01K${random.text(23).toUpperCase()}`,
    request: `soak-${random.text(20)}`,
    job: random.text(24),
    generation: random.between(0, 3),
    version: 1,
  }
}

/** Canonical JSON (RFC 8785) by construction: names in order, no white space, nothing to escape. */
export function contextOf({ fn, generation, job, request, run }: Ids): string {
  return (
    `{"attempt":0,"disable_immediate_execution":true,"env":"local","fn_id":"${fn}",` +
    `"generation_id":${String(generation)},"job_id":"${job}","max_attempts":4,"qi_id":"${job}",` +
    `"request_id":"${request}","run_id":"${run}","stack":{"current":0,"stack":[]},"step_id":"step",` +
    `"use_api":false}`
  )
}

export function eventOf(random: Random): string {
  const length = random.chance(0.03) ? random.between(20_000, 200_000) : random.between(1, 900)
  return `{"data":{"note":"${random.text(length)}"},"id":"${random.text(26)}","name":"app/made","ts":1764403200000}`
}

export function callBody(ids: Ids, random: Random): string {
  const event = eventOf(random)
  return `{"ctx":${contextOf(ids)},"event":${event},"events":[${event}],"steps":{},"use_api":false,"version":${String(ids.version)}}`
}

/** The headers and query of a call, which nobody signs. */
export function callHead(ids: Ids): Wire {
  return {
    ...bare,
    query: `?fnId=${ids.fnId}&stepId=${ids.step}`,
    headers: [
      ...bare.headers,
      ['Content-Type', 'application/json'],
      ['User-Agent', 'Inngest'],
      ['X-Run-ID', ids.run],
      ['X-Request-ID', ids.request],
      ['X-Inngest-Job-ID', ids.job],
      ['X-Inngest-Generation-ID', String(ids.generation)],
      ['X-Inngest-Req-Version', String(ids.version)],
      ['X-Inngest-Step-ID', ids.step],
    ],
  }
}

export function functionCall(random: Random, signing: Signing = {}): Wire {
  const ids = drawIds(random)
  return sign({ ...callHead(ids), body: callBody(ids, random) }, signing)
}

/** @param url by default one of this route, and of no other sync. */
export function sync(random: Random, url?: string, signing: Signing = {}): Wire {
  const own = `https://${hosts.any}/api/inngest?sync=${random.text(12)}`
  const body = `{"url":"${url ?? own}"}`
  const headers = [...bare.headers, ['Content-Type', 'application/json'] as const]
  return sign({ ...bare, method: 'PUT', headers, body }, signing)
}

export function introspection(signing: Signing = {}): Wire {
  return sign({ ...bare, method: 'GET' }, signing)
}

export function trustProbe(signing: Signing = {}): Wire {
  return sign({ ...bare, query: '?probe=trust' }, signing)
}

export function passedThrough(path: string): Wire {
  return { ...bare, method: 'GET', path, headers: [['Host', hosts.open]] }
}
