/** How ioredis finds the primary through Sentinels. */
import type { Duplex } from 'node:stream'

import { SentinelConnector, type AbstractConnector, type Redis } from 'ioredis'

import { plainError } from '../../redact/safe-text.ts'
import { TlsConnector } from './tls-connector.ts'

interface Address {
  readonly host: string
  readonly port: number
}

/** The members that are overridden or called here. The library's types declare all but the first as private. */
interface Overridden {
  connect(onError: (type: string, error: Error) => void): Promise<Duplex>
  connectToSentinel(address: Address, options?: object): Redis
  resolve(sentinel: Address): Promise<Address | null>
  disconnect(): void
  readonly failoverDetector: { cleanup(): void } | null
}

const Base = SentinelConnector as unknown as new (options: unknown) => Overridden

/** Parts of an error's text that differ at each attempt, or say nothing. */
const SAYS_WHEN = / Retrying from scratch after \d+ms\./
const SAYS_NOTHING = 'Connection is closed.'

/**
 * ioredis's connector with two repairs: a failover announced while it connects no longer stops it for
 * good, and errors of its connections are handled (see tls-connector.ts).
 */
class SteadySentinelConnector extends Base {
  readonly #isOverTls: boolean
  /** Why the last connection to a Sentinel ended. The library reports only that it ended. */
  #failure: string | undefined
  /** The last Sentinel that named a primary, and that primary. */
  #said = { by: '', primary: '' }
  #connects = 0

  constructor(options: unknown) {
    super(options)
    this.#isOverTls = (options as { sentinelTLS?: object }).sentinelTLS !== undefined
  }

  override async connect(onError: Parameters<Overridden['connect']>[0]): Promise<Duplex> {
    // A failover that the detector reports while this connects would stop it for good.
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

  /** @param options given only for the connection that listens for failovers. */
  override connectToSentinel(address: Address, options?: object): Redis {
    if (options !== undefined) return this.#listenTo(address, options)
    return this.#open(address, {})
  }

  /** The library's own resubscription ignores failures, and a slow one is not repeated. */
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
   * A failover announced before the subscription was missed. So the Sentinel is queried again, and a changed
   * primary causes a reconnection.
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
