/**
 * What has to become of a request, up to its claim: written anew from the documentation, from nothing of
 * the gateway. It reads the request as it is sent, and so knows nothing of what that was meant to be.
 */
import { createHmac } from 'node:crypto'

import { readJson } from './json.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { addresses, hosts, keys, type Settings } from './settings.ts'
import { parametersOf, valuesOf, type Wire } from './wire.ts'

/** Of a signature that verifies. */
export interface Verified {
  readonly form: 'raw' | 'canonical'
  /** The bytes that it covers, which are all that the app may get. */
  readonly body: string
  readonly mac: string
  readonly t: number
}

export interface Judgment {
  readonly outcome: Outcome
  readonly verified: Verified | undefined
  /** What is claimed for it if nothing else stands against it; undefined if nothing is. */
  readonly claim: string | undefined
  /** The signed id that a call's app has to get, whatever `X-Request-ID` says. */
  readonly requestId: string | undefined
}

export interface World {
  readonly settings: Settings
  readonly nowSeconds: number
}

/** Of a request that nothing stands against, on a route whose app cannot be connected to. */
const goneRoute = 'gone'

/** One request in one world; each step is a paragraph of the documentation. */
class Trial {
  readonly #wire: Wire
  readonly #world: World
  readonly #route: string
  readonly #reported: string[] = []
  verified: Verified | undefined
  claim: string | undefined
  requestId: string | undefined

  constructor(wire: Wire, world: World) {
    this.#wire = wire
    this.#world = world
    this.#route = this.#isReadable() === undefined ? routeOf(wire, world.settings) : 'unmatched'
  }

  judge(): Judgment {
    const passed = this.#route === goneRoute ? 'upstream_connect' : 'none'
    const reason = this.#reason() ?? passed
    // Of a request that could be taken for one of another route, the log names none.
    const route =
      reason.endsWith('_ambiguous') && reason !== 'target_ambiguous' ? 'unmatched' : this.#route
    const outcome = outcomeOf(this.#wire.method, route, reason, this.#reported)
    return { outcome, verified: this.verified, claim: this.claim, requestId: this.requestId }
  }

  #reason(): string | undefined {
    const unreadable = this.#isReadable()
    if (unreadable !== undefined) return unreadable
    if (this.#route === 'unmatched') return 'route_not_found'
    if (this.#route === 'open') {
      return isLikeProtected(this.#wire, this.#world.settings) ? 'path_ambiguous' : undefined
    }
    const [host = ''] = valuesOf(this.#wire, 'host')
    if (host.startsWith(`${hosts.named}:`) && this.#route === 'app') return 'host_ambiguous'
    return this.#ofHead() ?? this.#ofSignature() ?? this.#ofUse() ?? this.#ofClaim()
  }

  #isReadable(): string | undefined {
    for (const name of ['x-run-id', 'x-inngest-job-id', 'content-type']) {
      if (valuesOf(this.#wire, name).length > 1) return 'header_duplicated'
    }
    return valuesOf(this.#wire, 'host').length === 1 ? undefined : 'request_malformed'
  }

  #ofHead(): string | undefined {
    const { method, body, from } = this.#wire
    const { settings } = this.#world
    if (!['GET', 'POST', 'PUT'].includes(method)) return 'method_not_allowed'
    if (method === 'GET' && !settings.introspection) return 'method_not_allowed'
    if (method === 'GET' && body !== '') return 'body_not_allowed'
    if (valuesOf(this.#wire, 'content-encoding').length > 0) return 'content_encoding_not_allowed'
    const { allowed, sometimes } = addresses
    const isAllowed = from === allowed || (from === sometimes && settings.isSometimesAllowed)
    return isAllowed ? this.#ofCredentials() : this.#unlessUnsigned('client_not_allowed')
  }

  #ofCredentials(): string | undefined {
    const signatures = valuesOf(this.#wire, 'x-inngest-signature')
    if (signatures.every((each) => each === '') && signatures.length < 2) {
      return this.#unlessUnsigned('signature_missing')
    }
    if (signatures.length > 1 || !/^t=[1-9]\d{9}&s=[0-9a-f]{64}$/.test(signatures[0] ?? '')) {
      return 'signature_malformed'
    }
    return this.#ofAge()
  }

  /** Refusals of unsigned requests that are to be expected have names of their own. */
  #unlessUnsigned(reason: string): string {
    const { method } = this.#wire
    if (valuesOf(this.#wire, 'x-inngest-signature').some((each) => each !== '')) return reason
    if (method === 'GET') return 'introspection_unsigned'
    return method === 'PUT' ? 'sync_unsigned' : reason
  }

  #ofAge(): string | undefined {
    const age = this.#world.nowSeconds - given(this.#wire).t
    if (age > 300) return 'timestamp_too_old'
    return age < -300 ? 'timestamp_in_future' : undefined
  }

  #ofSignature(): string | undefined {
    const { t, mac } = given(this.#wire)
    const { body, method } = this.#wire
    const inForce = [keys.one, ...(this.#world.settings.hasKeyTwo ? [keys.two] : [])]
    const canonical = readJson(body)?.canonical
    const forms = [['raw', body] as const, ['canonical', canonical] as const]
    for (const [form, signed] of forms) {
      if (signed === undefined) continue
      if (!inForce.some((key) => macOf(key, signed, t) === mac)) continue
      this.verified = { form, body: signed, mac, t }
      return undefined
    }
    return method === 'GET' ? 'introspection_mismatch' : 'signature_mismatch'
  }

  #ofUse(): string | undefined {
    const { method } = this.#wire
    const parameters = parametersOf(this.#wire)
    const isDoubled = ['fnId', 'stepId', 'probe'].some((name) => parameters.getAll(name).length > 1)
    const namesFunction = parameters.has('fnId') || parameters.has('stepId')
    if (isDoubled || (parameters.has('probe') && namesFunction)) return 'target_ambiguous'
    if (method === 'PUT') return this.#ofSync()
    if (method === 'GET') return undefined
    if (isProbe(this.#wire)) return this.#ofProbe()
    return this.verified?.body === '' ? 'call_body_missing' : this.#ofCall()
  }

  /** The app would respond to the probe, and Inngest would take that for the result of the call. */
  #ofProbe(): string | undefined {
    const body = this.verified?.body ?? ''
    const isCall = body.length > 256 && readJson(body)?.runId !== undefined
    return isCall ? 'target_ambiguous' : undefined
  }

  #ofSync(): string | undefined {
    const { syncBody, syncUrl } = this.#world.settings
    const { path, body } = this.#wire
    if (body === '') return this.#unlessReported('sync_body_missing', syncBody)
    const url = readJson(body)?.url
    const read = /^https?:\/\/([^/]+)([^?]*)/.exec(url ?? '')
    const isHost = this.#route !== 'named' || read?.[1] === hosts.named
    if (read?.[2] === path && isHost) return undefined
    return this.#unlessReported('sync_url_mismatch', syncUrl)
  }

  #ofCall(): string | undefined {
    const { callIds } = this.#world.settings
    const call = readJson(this.verified?.body ?? '')
    if (call?.runId === undefined) return 'run_id_missing'
    const [runId] = valuesOf(this.#wire, 'x-run-id')
    if (runId !== undefined && runId !== call.runId) return 'run_id_mismatch'
    this.requestId = call.requestId
    const pairs = [
      ['x-inngest-job-id', call.jobId],
      ['x-inngest-generation-id', call.generationId],
      ['x-inngest-req-version', call.version],
    ] as const
    const sent = pairs.flatMap(([name, id]) =>
      valuesOf(this.#wire, name).map((value) => [value, id]),
    )
    const step = parametersOf(this.#wire).get('stepId')
    const isOtherStep = valuesOf(this.#wire, 'x-inngest-step-id').some(
      (value) => step !== null && value !== step,
    )
    if (isOtherStep || sent.some(([value, id]) => id !== undefined && value !== id)) {
      return this.#unlessReported('call_ids_mismatch', callIds)
    }
    const isUnsigned = sent.some(([, id]) => id === undefined)
    return isUnsigned ? this.#unlessReported('call_ids_unsigned', callIds) : undefined
  }

  #unlessReported(reason: string, mode: 'enforce' | 'report'): string | undefined {
    if (mode === 'enforce') return reason
    this.#reported.push(reason)
    return undefined
  }

  #ofClaim(): string | undefined {
    if (this.verified === undefined || this.#wire.method === 'GET') return undefined
    const { mac, body } = this.verified
    const isForRoute = isProbe(this.#wire) && body.length <= 256 && !body.includes('"request_id"')
    this.claim = isForRoute ? `${mac} ${this.#route}` : mac
    return undefined
  }
}

export function judge(wire: Wire, world: World): Judgment {
  return new Trial(wire, world).judge()
}

function routeOf(wire: Wire, { hasExtraRoute }: Settings): string {
  const [host = ''] = valuesOf(wire, 'host')
  switch (wire.path) {
    case '/api/inngest':
      return host === hosts.named ? 'named' : 'app'
    case '/api/other':
      return 'other'
    case '/api/gone':
      return 'gone'
    case '/api/extra':
      if (hasExtraRoute) return 'extra'
  }
  return host === hosts.open ? 'open' : 'unmatched'
}

/** Only the spellings that are sent here: other letter case, and text behind the path. */
function isLikeProtected({ path }: Wire, { hasExtraRoute }: Settings): boolean {
  const paths = [
    '/api/inngest',
    '/api/other',
    '/api/gone',
    ...(hasExtraRoute ? ['/api/extra'] : []),
  ]
  return paths.some((each) => path.toLowerCase().startsWith(each))
}

function isProbe(wire: Wire): boolean {
  const parameters = parametersOf(wire)
  const isCall = parameters.has('fnId') || parameters.has('stepId')
  return wire.method === 'POST' && parameters.getAll('probe').join() === 'trust' && !isCall
}

function given(wire: Wire): { t: number; mac: string } {
  const [, t = '', mac = ''] =
    /^t=(\d+)&s=([0-9a-f]+)$/.exec(valuesOf(wire, 'x-inngest-signature')[0] ?? '') ?? []
  return { t: Number(t), mac }
}

function macOf(key: string, body: string, t: number): string {
  const secret = key.replace(/^signkey-\w+-/, '')
  return createHmac('sha256', secret).update(body).update(String(t)).digest('hex')
}
