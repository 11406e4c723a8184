/**
 * Requests in bytes, so that also what no HTTP client would send can be sent. All of them call a
 * function that no app has: an SDK answers such a call with an error of its own before it runs
 * anything, which shows that the call got through, and does no more.
 *
 * Each body is JSON and comes whole, whatever is wrong with the rest, so that a request which reaches the
 * app by mistake does it no harm.
 */
import { randomBytes } from 'node:crypto'
import { computeMac } from '../gateway/inngest/mac.ts'
import { SigningKey } from '../gateway/inngest/signing-key.ts'
import { version } from '../gateway/version.ts'

/** No app has it: app ids and function ids are chosen by those who write them. */
export const NO_FUNCTION = 'inngest-gateway-conformance'

/** The SDK only responds with what it would register. */
export const IN_BAND = 'X-Inngest-Sync-Kind: in_band'

export interface Wire {
  /** What sets it apart from the others of its case. */
  readonly label: string
  readonly method: string
  readonly requestId: string
  readonly bytes: Buffer
}

/** A body with the signature that it was given. */
export interface Signed {
  readonly body: string
  readonly signature: string
}

export interface Change {
  readonly label?: string
  readonly method?: string
  readonly signed?: Signed
  /** One field for each; none is an unsigned request. By default that of `signed`. */
  readonly signatures?: readonly string[]
  /** What is sent in place of the signed body. */
  readonly body?: string
  /** After the query of the URL. */
  readonly query?: string
  /** In place of the authority of the URL. */
  readonly host?: string
  /** In place of the path and query. */
  readonly target?: (target: string) => string
  readonly fields?: readonly string[]
  /** In place of `Content-Length`. */
  readonly framing?: readonly string[]
}

export interface MakerOptions {
  readonly url: URL
  readonly key: SigningKey
  /** Oldest and furthest ahead that the gateway takes, in seconds. */
  readonly maxAgeSeconds: number
  readonly clockToleranceSeconds: number
  /** An address that the gateway lets in, for whoever tries to pass as it. */
  readonly allowedAddress: string
  /** Of passthrough routes with an `allowlist`. */
  readonly restrictedPaths: readonly string[]
  /** Of a durable endpoint of the same gateway; undefined if none is to be tried. */
  readonly durableUrl: URL | undefined
  /** An app that the route is for, by its `apps`; undefined if it has none. */
  readonly app: string | undefined
  /** Unix seconds. */
  readonly nowSeconds: () => number
}

export class RequestMaker {
  readonly options: MakerOptions
  /** `fnId` of a function that no app has. */
  readonly functionId: string
  readonly #foreignKey = randomKey()
  readonly #run = randomBytes(4).toString('hex')
  #serial = 0

  constructor(options: MakerOptions) {
    this.options = options
    const { app } = options
    this.functionId = app === undefined ? NO_FUNCTION : `${encodeURIComponent(app)}-${NO_FUNCTION}`
  }

  /** A fresh call, by default signed now. @param ageSeconds negative is in the future. */
  sign(ageSeconds = 0, body = this.#freshBody()): Signed {
    return { body, signature: this.#signature(this.options.key, body, ageSeconds) }
  }

  /** The same by a key that no gateway has. */
  forge(): Signed {
    const body = this.#freshBody()
    return { body, signature: this.#signature(this.#foreignKey, body, 0) }
  }

  request(change: Change = {}): Wire {
    const signed = change.signed ?? this.sign()
    const { method = 'POST', signatures = [signed.signature], body = signed.body } = change
    this.#serial += 1
    const requestId = `conformance-${this.#run}-${String(this.#serial)}`
    const bytes = Buffer.from(body)
    const framing = change.framing ?? lengthOf(bytes)
    const fields = [
      `Host: ${change.host ?? this.options.url.host}`,
      `User-Agent: inngest-gateway-conformance/${version}`,
      `X-Request-Id: ${requestId}`,
      'Content-Type: application/json',
      ...signatures.map((signature) => `X-Inngest-Signature: ${signature}`),
      ...(change.fields ?? []),
      ...framing,
      'Connection: close',
    ]
    const head = [`${method} ${this.#target(change)} HTTP/1.1`, ...fields].join('\r\n')
    const whole = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), bytes])
    return { label: change.label ?? method, method, requestId, bytes: whole }
  }

  #target({ query = `fnId=${this.functionId}&stepId=step`, target }: Change): string {
    const { pathname, search } = this.options.url
    const queries = [search.slice(1), query].filter((text) => text !== '')
    const own = queries.length === 0 ? pathname : `${pathname}?${queries.join('&')}`
    return target?.(own) ?? own
  }

  #freshBody(): string {
    this.#serial += 1
    return callBody(`conformance-${this.#run}-${String(this.#serial)}`)
  }

  #signature(key: SigningKey, body: string, ageSeconds: number): string {
    const timestamp = this.options.nowSeconds() - ageSeconds
    const mac = computeMac(key, Buffer.from(body), timestamp).toString('hex')
    return `t=${String(timestamp)}&s=${mac}`
  }
}

function lengthOf(body: Buffer): string[] {
  return body.length === 0 ? [] : [`Content-Length: ${String(body.length)}`]
}

export function randomKey(): SigningKey {
  const key = SigningKey.parse('conformance', randomBytes(32).toString('hex'))
  if (key === undefined) throw new Error('64 hex digits are a key')
  return key
}

/**
 * The body of a call as Inngest's server sends it, in canonical form. `use_api: false` says that
 * nothing is to be fetched from Inngest first.
 */
function callBody(requestId: string): string {
  const event = '{"data":{},"id":"conformance","name":"inngest-gateway/conformance","ts":1}'
  const ctx = [
    '"attempt":0',
    '"disable_immediate_execution":true',
    '"env":""',
    '"fn_id":"00000000-0000-0000-0000-000000000000"',
    '"qi_id":""',
    `"request_id":"${requestId}"`,
    '"run_id":"00000000000000000000000000"',
    '"stack":{"current":0,"stack":[]}',
    '"step_id":"step"',
    '"use_api":false',
  ].join(',')
  return `{"ctx":{${ctx}},"event":${event},"events":[${event}],"steps":{},"use_api":false,"version":2}`
}
