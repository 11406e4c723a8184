/** What calls have shown of each route's upstream. Nothing is sent to find out. */
import { faults } from '../errors.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { UpstreamSeen } from './status.ts'

export const nothingSeen: UpstreamSeen = {
  answers: 0,
  faults: 0,
  lastAnswerMs: undefined,
  lastStatus: undefined,
  lastFaultMs: undefined,
  lastFault: undefined,
}

export class Upstreams {
  /** By route, of which there are as many as the operator has ever named. */
  readonly #seen = new Map<string, UpstreamSeen>()

  /** An answer is an answer, whatever its status: a 500 is how an app says that a step failed. */
  add({ findings, fault, upstreamStatus, endedMs }: RequestRecord): void {
    const route = findings.route?.name
    if (route === undefined) return
    const before = this.of(route)
    if (fault !== undefined && faults[fault.code].source === 'upstream') {
      const lastFault = fault.code
      this.#seen.set(route, {
        ...before,
        faults: before.faults + 1,
        lastFault,
        lastFaultMs: endedMs,
      })
    } else if (upstreamStatus !== undefined) {
      const answered = { lastStatus: upstreamStatus, lastAnswerMs: endedMs }
      this.#seen.set(route, { ...before, answers: before.answers + 1, ...answered })
    }
  }

  of(route: string): UpstreamSeen {
    return this.#seen.get(route) ?? nothingSeen
  }
}
