/**
 * One configuration snapshot. A request uses the current snapshot until it ends, so that no reload can make it
 * be checked by one configuration and forwarded by another (hookaido GHSA-rcpp-44rf-jxvj). A replaced snapshot
 * releases its connections when its last request has ended.
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

  /** The number of requests in progress. */
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
  /** Replaced snapshots with requests in progress. */
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

  /** For one request, which calls `leave` when it has ended. */
  enter(): ActiveConfig {
    this.#current.enter()
    return this.#current
  }

  /** Takes effect for every request that begins after this call. */
  replace(settings: Settings): void {
    const previous = this.#current
    // The new snapshot is made first, so that connections which both use are held throughout.
    this.#current = new ActiveConfig(settings, this.#pools)
    previous.retire()
    this.#retired = [...this.#retired, previous].filter(({ requests }) => requests > 0)
  }

  close(): void {
    this.#current.retire()
  }
}
