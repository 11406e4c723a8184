/** How ioredis is to find the primary that Sentinels know. */
import type { Duplex } from 'node:stream'

import { SentinelConnector, type AbstractConnector, type Redis } from 'ioredis'

import { plainError } from '../../redact/safe-text.ts'
import { TlsConnector } from './tls-connector.ts'

interface Address {
  readonly host: string
  readonly port: number
}

/** What is overridden or called; its types call all but the first private. */
interface Overridden {
  connect(onError: (type: string, error: Error) => void): Promise<Duplex>
  connectToSentinel(address: Address, options?: object): Redis
  resolve(sentinel: Address): Promise<Address | null>
  disconnect(): void
  readonly failoverDetector: { cleanup(): void } | null
}

const Base = SentinelConnector as unknown as new (options: unknown) => Overridden

/** What differs each time. */
const SAYS_WHEN = / Retrying from scratch after \d+ms\./
const SAYS_NOTHING = 'Connection is closed.'

/**
 * ioredis's connector with two repairs: a failover announced while it connects no longer stops it for
 * good, and errors of its connections are handled (see tls-connector.ts).
 */
class SteadySentinelConnector extends Base {
  readonly #isOverTls: boolean
  /** What the last connection to a Sentinel ended with, of which the library says only that it did. */
  #failure: string | undefined
  /** Which Sentinel said last where the primary is, and what. */
  #said = { by: '', primary: '' }
  #connects = 0

  constructor(options: unknown) {
    super(options)
    this.#isOverTls = (options as { sentinelTLS?: object }).sentinelTLS !== undefined
  }

  override async connect(onError: Parameters<Overridden['connect']>[0]): Promise<Duplex> {
    // What it hears of while this connects would end this for ever.
    this.failoverDetector?.cleanup()
    this.#connects += 1
    const stream = await super.connect((type, error) => {
      error.message = error.message
        .replace(SAYS_WHEN, '')
        .replace(SAYS_NOTHING, (text) => this.#failure ?? text)
      onError(type, error)
    })
    stream.on('error', () => undefined)
    return stream
  }

  override async resolve(sentinel: Address): Promise<Address | null> {
    const primary = await super.resolve(sentinel)
    this.#said = { by: nameOf(sentinel), primary: nameOf(primary) }
    return primary
  }

  /** @param options only of one that listens for another primary. */
  override connectToSentinel(address: Address, options?: object): Redis {
    if (options !== undefined) return this.#listenTo(address, options)
    return this.#open(address, {})
  }

  /** The library would subscribe anew without hearing of a failure, and once only if it took long. */
  #listenTo(address: Address, options: object): Redis {
    const sentinel = this.#open(address, { ...options, autoResubscribe: false })
    sentinel.on('ready', () => {
      sentinel
        .subscribe('+switch-master')
        .then(() => this.#askAgain(address))
        .catch(() => undefined)
    })
    return sentinel
  }

  /**
   * A failover announced before we subscribed was missed: ask again, and reconnect if the primary has
   * changed.
   */
  async #askAgain(sentinel: Address): Promise<void> {
    const [connects, said] = [this.#connects, this.#said]
    if (said.by !== nameOf(sentinel)) return
    const primary = await super.resolve(sentinel)
    if (connects === this.#connects && nameOf(primary) !== said.primary) this.disconnect()
  }

  #open(address: Address, options: object): Redis {
    const over = this.#isOverTls ? { Connector: TlsConnector } : {}
    this.#failure = undefined
    const sentinel = super.connectToSentinel(address, { ...options, ...over })
    sentinel.on('error', (error: Error) => {
      this.#failure = plainError(error)
    })
    return sentinel
  }
}

function nameOf(address: Address | null): string {
  return address === null ? '' : `${address.host}:${String(address.port)}`
}

export const sentinelConnector = SteadySentinelConnector as unknown as new (
  options: unknown,
) => AbstractConnector
