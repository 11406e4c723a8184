/** Observations of each route's upstream from its requests. There are no probes. */
import type { Facts } from '../../admit/facts.ts'
import { faults } from '../../admit/faults.ts'
import type { RequestRecord } from '../../record/request-record.ts'
import type { UpstreamSeen } from './status.ts'

type Seeing = { -readonly [Name in keyof UpstreamSeen]: UpstreamSeen[Name] }

export const nothingSeen: UpstreamSeen = {
  answers: 0,
  faults: 0,
  lastAnswerMs: undefined,
  lastStatus: undefined,
  lastFaultMs: undefined,
  lastFault: undefined,
  users: 0,
  reentries: 0,
  inPlain: 0,
  unchecked: 0,
  durableSign: undefined,
}

export class Upstreams {
  /** By route. Only the operator adds names of routes. */
  readonly #seen = new Map<string, Seeing>()

  /** Any response counts, with any status: an app uses a 500 to report that a step failed. */
  add({ facts, fault, upstreamStatus, endedMs }: RequestRecord): void {
    const route = facts.route?.name
    if (route === undefined) return
    this.#addDurable(route, facts)
    this.#addEncryption(route, facts)
    if (fault !== undefined && faults[fault.code].source === 'upstream') {
      const seen = this.#seeing(route)
      seen.faults += 1
      seen.lastFaultMs = endedMs
      seen.lastFault = fault.code
    } else if (upstreamStatus !== undefined) {
      const seen = this.#seeing(route)
      seen.answers += 1
      seen.lastAnswerMs = endedMs
      seen.lastStatus = upstreamStatus
    }
  }

  #addDurable(route: string, { durable, durableSign }: Facts): void {
    if (durable === 'user') this.#seeing(route).users += 1
    else if (durable === 'reentry') this.#seeing(route).reentries += 1
    if (durableSign !== undefined) this.#seeing(route).durableSign ??= durableSign
  }

  #addEncryption(route: string, { encryption }: Facts): void {
    if (encryption === undefined || encryption === 'encrypted') return
    if (encryption === 'use_api') this.#seeing(route).unchecked += 1
    else this.#seeing(route).inPlain += 1
  }

  of(route: string): UpstreamSeen {
    return { ...(this.#seen.get(route) ?? nothingSeen) }
  }

  #seeing(route: string): Seeing {
    const known = this.#seen.get(route)
    if (known !== undefined) return known
    const fresh = { ...nothingSeen }
    this.#seen.set(route, fresh)
    return fresh
  }
}
