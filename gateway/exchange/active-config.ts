/**
 * One configuration in force. A request enters the current snapshot and sees nothing but that until
 * it ends, so that no reload can judge it by one configuration and forward it by another (hookaido
 * GHSA-rcpp-44rf-jxvj). A snapshot that was replaced lets go of its connections when its last
 * request has left.
 */
import type { Settings } from '../config/compile.ts'
import { Forwarder } from '../forward/forwarder.ts'
import { Passthrough } from '../forward/passthrough.ts'
import type { UpstreamPools } from '../forward/upstream-pool.ts'

export class ActiveConfig {
  readonly settings: Settings
  readonly forwarder: Forwarder
  readonly passthrough: Passthrough
  #requests = 0
  #isRetired = false

  constructor(settings: Settings, pools: UpstreamPools) {
    const { policy, config } = settings
    this.settings = settings
    this.forwarder = new Forwarder(policy.routes, config.upstream, pools)
    this.passthrough = new Passthrough(policy.routes, config.upstream, pools)
  }

  /** That have entered and not yet left. */
  get requests(): number {
    return this.#requests
  }

  enter(): void {
    this.#requests += 1
  }

  leave(): void {
    this.#requests -= 1
    this.#closeIfDone()
  }

  retire(): void {
    this.#isRetired = true
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (!this.#isRetired || this.#requests > 0) return
    this.forwarder.close()
    this.passthrough.close()
  }
}

export class LiveConfig {
  readonly #pools: UpstreamPools
  #current: ActiveConfig
  /** Replaced ones whose requests go on. */
  #retired: readonly ActiveConfig[] = []

  constructor(settings: Settings, pools: UpstreamPools) {
    this.#pools = pools
    this.#current = new ActiveConfig(settings, pools)
  }

  get settings(): Settings {
    return this.#current.settings
  }

  get requestsInFlight(): number {
    return [this.#current, ...this.#retired].reduce((sum, { requests }) => sum + requests, 0)
  }

  /** For one request; it calls `leave` when it has ended. */
  enter(): ActiveConfig {
    this.#current.enter()
    return this.#current
  }

  /** Takes effect for every request that begins from now on. */
  replace(settings: Settings): void {
    const previous = this.#current
    // The new one first: connections that both use have a holder throughout.
    this.#current = new ActiveConfig(settings, this.#pools)
    previous.retire()
    this.#retired = [...this.#retired, previous].filter(({ requests }) => requests > 0)
  }

  close(): void {
    this.#current.retire()
  }
}
