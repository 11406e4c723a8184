/**
 * Holds what became of each request against what had to: the status that its sender got, the log line of
 * the gateway, and what arrived at the app.
 */
import type { Arrival } from './app.ts'
import type { LogLine } from './gateway-process.ts'
import type { Judgment } from './oracle.ts'
import { keyOf, type Outcome } from './outcome.ts'
import { Tally } from './tally.ts'
import { markOfTrace, valuesOf, type Wire } from './wire.ts'

/** A request that was answered. */
export interface Answered {
  readonly play: string
  readonly wire: Wire
  /** Every right end of it, by `keyOf`. */
  readonly allowed: ReadonlyMap<string, Judgment>
  readonly status: number
  readonly isFromApp: boolean
  /** Its claim, if it is admitted, follows a redirect. */
  readonly isFollowing: boolean
}

export interface Wrong {
  readonly play: string
  readonly what: string
}

interface Entry {
  answered?: Answered
  line?: LogLine
  readonly arrivals: Arrival[]
  readonly onLine: (line: LogLine) => void
}

export class Ledger {
  readonly wrong: Wrong[] = []
  readonly tally = new Tally()
  /** By play, then by reason. */
  readonly plays = new Map<string, Map<string, number>>()
  requests = 0
  lines = 0
  arrivals = 0
  admitted = 0
  /** Requests that could end in one right way only. */
  certain = 0
  readonly #open = new Map<number, Entry>()
  /** Ends of requests that are refused for what they are on the connection, of which nothing has a mark. */
  unmarked = 0

  /** To be called before it is sent. @returns its log line, when that is there. */
  begin(mark: number): Promise<LogLine> {
    this.requests += 1
    const { promise, resolve } = Promise.withResolvers<LogLine>()
    this.#open.set(mark, { arrivals: [], onLine: resolve })
    return promise
  }

  /** For one that nothing marks. */
  beginUnmarked(): void {
    this.requests += 1
  }

  get waiting(): number {
    return this.#open.size
  }

  answered(mark: number, answered: Answered): void {
    const entry = this.#open.get(mark)
    if (entry !== undefined) entry.answered = answered
    this.#closeIfComplete(mark)
  }

  logged(line: LogLine): void {
    this.lines += 1
    const mark = markOfTrace(line['trace_id'])
    if (mark === undefined) {
      this.unmarked += 1
      this.tally.addLine(line)
      return
    }
    const entry = this.#open.get(mark)
    if (entry === undefined) this.complain('log', `a line too many: ${JSON.stringify(line)}`)
    else {
      entry.line = line
      entry.onLine(line)
    }
    this.#closeIfComplete(mark)
  }

  arrived(mark: number | undefined, arrival: Arrival): void {
    this.arrivals += 1
    const entry = this.#open.get(mark ?? -1)
    if (entry === undefined)
      this.complain(
        'app',
        `reached by ${arrival.method} ${arrival.target}, which was refused or never sent`,
      )
    else entry.arrivals.push(arrival)
  }

  /** To be called when nothing more is to come. */
  close(): void {
    for (const [mark, { answered, line }] of this.#open) {
      const missing = answered === undefined ? 'answer' : line === undefined ? 'log line' : 'end'
      this.complain(answered?.play ?? 'unknown', `request ${String(mark)} has no ${missing}`)
    }
  }

  complain(play: string, what: string): void {
    this.wrong.push({ play, what })
  }

  #closeIfComplete(mark: number): void {
    const { answered, line, arrivals } = this.#open.get(mark) ?? {}
    if (answered === undefined || line === undefined || arrivals === undefined) return
    this.#open.delete(mark)
    const { play, allowed } = answered
    const reached = outcomeIn(line, answered.status)
    const judgment = allowed.get(keyOf(reached))
    if (judgment === undefined) {
      const expected = [...allowed.keys()].join(' | ')
      this.complain(play, `expected ${expected}, got ${keyOf(reached)}: ${describe(answered.wire)}`)
    }
    this.#checkEnd(answered, reached, line, arrivals.length)
    for (const arrival of arrivals) this.#checkArrival(answered, judgment, arrival)
    if (reached.decision === 'admitted') this.admitted += 1
    if (allowed.size === 1) this.certain += 1
    this.#countPlay(play, reached.reason)
    this.tally.addLine(line)
    this.tally.addEnd(answered.isFollowing, reached, judgment, line)
  }

  /** Whether log, sender and app agree on it. */
  #checkEnd(
    { play, status, isFromApp }: Answered,
    reached: Outcome,
    line: LogLine,
    arrivals: number,
  ): void {
    const key = keyOf(reached)
    const isAdmitted = reached.decision === 'admitted'
    if (line['status'] !== status)
      this.complain(play, `${key} was logged as ${String(line['status'])}`)
    if (isFromApp !== isAdmitted) {
      this.complain(play, `${key}, answered by the ${isFromApp ? 'app' : 'gateway'}`)
    }
    if (arrivals !== (isAdmitted ? 1 : 0)) {
      this.complain(play, `${key}, and reached the app ${String(arrivals)} times`)
    }
  }

  #checkArrival({ play, wire }: Answered, judgment: Judgment | undefined, arrival: Arrival): void {
    const isSame = arrival.method === wire.method && arrival.target === wire.path + wire.query
    if (!isSame)
      this.complain(play, `arrived as ${arrival.method} ${arrival.target}: ${describe(wire)}`)
    const body = judgment?.verified?.body ?? ''
    if (arrival.body !== body)
      this.complain(play, `other bytes than signed arrived: ${describe(wire)}`)
    const requestId = judgment?.requestId
    if (requestId !== undefined && valuesOf(arrival, 'x-request-id').join() !== requestId) {
      this.complain(play, `another request id than the signed one arrived: ${describe(wire)}`)
    }
  }

  #countPlay(play: string, reason: string): void {
    const reasons = this.plays.get(play) ?? new Map<string, number>()
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    this.plays.set(play, reasons)
  }
}

/** As the gateway logged it, with the status that its sender got. */
function outcomeIn(line: LogLine, status: number): Outcome {
  const { route = 'unmatched', decision, reason, report_only: reported = [] } = line
  return { route, decision, reason, status, reported } as Outcome
}

function describe({ method, path, query, headers, body, from }: Wire): string {
  const fields = headers.map(([name, value]) => `${name}: ${value}`).join(', ')
  return `${method} ${path}${query} from ${from} {${fields}} ${body.slice(0, 400)}`
}
