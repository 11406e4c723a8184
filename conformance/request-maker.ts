/**
 * Makes requests as bytes, so that requests which no HTTP client would send can be made, too. All of them call
 * a function that no app has: an SDK responds with an error of its own before it runs anything, which proves
 * that the call reached the app and has no other effect.
 *
 * Each body is complete JSON, even if the rest is invalid, so that a request which reaches the app by mistake
 * does no harm.
 */
import { randomBytes } from 'node:crypto'
import { computeMac } from '../gateway/inngest/mac.ts'
import { SigningKey } from '../gateway/inngest/signing-key.ts'
import { version } from '../gateway/version.ts'

/** No app has this id, because the authors of apps choose their ids. */
export const NO_FUNCTION = 'inngest-gateway-conformance'

/** The SDK only responds with the data that it would register. */
export const IN_BAND = 'X-Inngest-Sync-Kind: in_band'

export interface Wire {
  /** What distinguishes the request from the others of its case. */
  readonly label: string
  readonly method: string
  readonly requestId: string
  readonly bytes: Buffer
}

/** A body with its signature. */
export interface Signed {
  readonly body: string
  readonly signature: string
}

export interface Change {
  readonly label?: string
  readonly method?: string
  readonly signed?: Signed
  /** One header for each; an empty list is an unsigned request. Default is that of `signed`. */
  readonly signatures?: readonly string[]
  /** Sent in place of the signed body. */
  readonly body?: string
  /** Appended to the query of the URL. */
  readonly query?: string
  /** Replaces the authority of the URL. */
  readonly host?: string
  /** Replaces the path and query. */
  readonly target?: (target: string) => string
  readonly fields?: readonly string[]
  /** Replaces `Content-Length`. */
  readonly framing?: readonly string[]
}

export interface MakerOptions {
  readonly url: URL
  readonly key: SigningKey
  /** The gateway's limits for the age of a signature and for one ahead of its clock, in seconds. */
  readonly maxAgeSeconds: number
  readonly clockToleranceSeconds: number
  /** An address in the gateway's allowlist, for senders that pretend to have it. */
  readonly allowedAddress: string
  /** Paths of passthrough routes with an `allowlist`. */
  readonly restrictedPaths: readonly string[]
  /** URL of a durable endpoint behind the same gateway; undefined if none is tested. */
  readonly durableUrl: URL | undefined
  /** An app of the route's `apps`; undefined if it has none. */
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

  /**
   * A fresh call, by default signed now.
   * @param ageSeconds negative is in the future.
   */
  sign(ageSeconds = 0, body = this.#freshBody()): Signed {
    return { body, signature: this.#signature(this.options.key, body, ageSeconds) }
  }

  /** The same, signed by a key that no gateway has. */
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
 * The body of a call as Inngest's server sends it, in canonical form. With `use_api: false` the SDK fetches
 * nothing from Inngest first.
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
