/**
 * One configuration in force. A request enters the current snapshot and sees nothing but that until
 * it ends, so that no reload can judge it by one configuration and forward it by another (hookaido
 * GHSA-rcpp-44rf-jxvj). A snapshot that was replaced lets go of its connections when its last
 * request has left.
 */
import type { Settings } from '../config/compile.ts'
import { Forwarder, type UpstreamPools } from '../forward/forwarder.ts'
import { Passthrough } from '../forward/passthrough.ts'
import type { UpstreamAgents } from '../forward/passthrough-target.ts'

export interface UpstreamConnections {
  readonly pools: UpstreamPools
  readonly agents: UpstreamAgents
}

export class Snapshot {
  readonly settings: Settings
  readonly forwarder: Forwarder
  readonly passthrough: Passthrough
  #requests = 0
  #isRetired = false

  constructor(settings: Settings, { pools, agents }: UpstreamConnections) {
    const { policy, config } = settings
    this.settings = settings
    this.forwarder = new Forwarder(policy.routes, config.upstream, pools)
    this.passthrough = new Passthrough(policy.routes, config.upstream, agents)
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

export class LiveSnapshot {
  readonly #upstreams: UpstreamConnections
  #current: Snapshot
  /** Replaced ones whose requests go on. */
  #retired: readonly Snapshot[] = []

  constructor(settings: Settings, upstreams: UpstreamConnections) {
    this.#upstreams = upstreams
    this.#current = new Snapshot(settings, upstreams)
  }

  get settings(): Settings {
    return this.#current.settings
  }

  get requestsInFlight(): number {
    return [this.#current, ...this.#retired].reduce((sum, { requests }) => sum + requests, 0)
  }

  /** For one request; it calls `leave` when it has ended. */
  enter(): Snapshot {
    this.#current.enter()
    return this.#current
  }

  /** Takes effect for every request that begins from now on. */
  replace(settings: Settings): void {
    const previous = this.#current
    // The new one first: connections that both use have a holder throughout.
    this.#current = new Snapshot(settings, this.#upstreams)
    previous.retire()
    this.#retired = [...this.#retired, previous].filter(({ requests }) => requests > 0)
  }

  close(): void {
    this.#current.retire()
  }
}
