/**
 * `rollout-report`: reads the log of a gateway in one pass with bounded memory. Lines of other programs may be
 * mixed in, and each line may have a prefix, as log collectors write it.
 */
import type { Readable } from 'node:stream'

import { z } from 'zod'

import { reportableChecks } from '../admit/route-checks.ts'
import { REQUEST_MESSAGE } from '../record/log-line.ts'
import { RouteTally } from '../rollout/route-tally.ts'
import type { RouteSeen } from '../rollout/seen.ts'

/** Limit for a line. The gateway writes no line that long. */
const MAX_LINE_LENGTH = 1_048_576

export interface LogReading {
  readonly routes: readonly RouteSeen[]
  /** Lines that are neither about a request nor about the checks in report mode. */
  readonly otherLines: number
  /** Requests on routes before the log has named their checks. */
  readonly requestsBefore: number
}

/**
 * @param sinceMs earlier requests are not counted.
 * @throws if the log has an unknown version.
 */
export async function readRolloutLog(log: Readable, sinceMs: number): Promise<LogReading> {
  const reader = new RolloutLog(sinceMs)
  const lines = new LineSplitter()
  for await (const chunk of log.setEncoding('utf8')) {
    for (const line of lines.split(String(chunk))) reader.add(line)
  }
  reader.add(lines.rest)
  const { routes, requestsBefore } = reader
  return { routes, requestsBefore, otherLines: reader.otherLines + lines.tooLong }
}

/** A line beyond the limit is dropped: input from a pipe may have gigabytes without a line end. */
class LineSplitter {
  rest = ''
  tooLong = 0
  #isSkipping = false

  split(chunk: string): string[] {
    const lines = (this.rest + chunk).split('\n')
    this.rest = lines.pop() ?? ''
    if (lines.length > 0 && this.#isSkipping) {
      lines.shift()
      this.#isSkipping = false
    }
    if (this.rest.length > MAX_LINE_LENGTH || this.#isSkipping) {
      if (!this.#isSkipping) this.tooLong += 1
      this.#isSkipping = true
      this.rest = ''
    }
    return lines
  }
}

/** Longer than any text that a gateway logs: text from clients is truncated to 200 characters. */
const text = z.string().max(2000).optional()

const requestSchema = z.object({
  time: z.string(),
  route: text,
  decision: z.enum(['admitted', 'refused', 'failed']),
  reason: z.string().max(200),
  method: text,
  durable: z.enum(['user', 'reentry']).optional(),
  fn_id: text,
  key_slot: z.number().optional(),
  unsigned: z.boolean().optional(),
  report_only: z.array(z.string().max(200)).max(50).optional(),
  request_id: text,
  remote_ip: text,
  client_ip: text,
  path: text,
  diagnosis: text,
})

const modesSchema = z.object({
  routes: z.array(z.object({ name: z.string(), policy: z.string(), report: z.array(z.string()) })),
})

const knownModesSchema = z.array(
  z.object({
    name: z.string(),
    policy: z.enum(['inngest', 'passthrough', 'durable']),
    report: z.array(z.enum(reportableChecks)),
  }),
)

const MODES_MESSAGES: readonly unknown[] = ['started', 'configuration reloaded']

class RolloutLog {
  readonly #sinceMs: number
  readonly #tallies = new Map<string, { readonly policy: string; readonly tally: RouteTally }>()
  otherLines = 0
  requestsBefore = 0

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs
  }

  get routes(): RouteSeen[] {
    return [...this.#tallies.values()].map(({ tally }) => tally.read())
  }

  add(line: string): void {
    if (line.trim() === '') return
    const document = documentIn(line)
    const isKnown = document !== undefined && (this.#addRequest(document) || this.#follow(document))
    if (!isKnown) this.otherLines += 1
  }

  #addRequest(document: object): boolean {
    if (!('msg' in document) || document.msg !== REQUEST_MESSAGE) return false
    const { success, data } = requestSchema.safeParse(document)
    if (!success) return false
    const timeMs = Date.parse(data.time)
    if (Number.isNaN(timeMs)) return false
    if (data.route === undefined || timeMs < this.#sinceMs) return true
    const known = this.#tallies.get(data.route)
    if (known === undefined) this.requestsBefore += 1
    else known.tally.add(data, timeMs)
    return true
  }

  /** Removed routes are kept: if several gateways share one log, another may still have them. */
  #follow(document: object): boolean {
    if (!('msg' in document) || !MODES_MESSAGES.includes(document.msg)) return false
    const modes = modesSchema.safeParse(document)
    if (!modes.success) return false
    const known = knownModesSchema.safeParse(modes.data.routes)
    if (!known.success) {
      throw new Error(
        'the log is of another version of the gateway: use the rollout-report of that version',
      )
    }
    for (const { name, policy, report } of known.data) {
      const before = this.#tallies.get(name)
      const tally = before?.policy === policy ? before.tally : new RouteTally(name, policy)
      tally.follow(report)
      this.#tallies.set(name, { policy, tally })
    }
    return true
  }
}

function documentIn(line: string): object | undefined {
  const start = line.indexOf('{')
  if (start === -1) return undefined
  try {
    const document: unknown = JSON.parse(start === 0 ? line : line.slice(start))
    return typeof document === 'object' && document !== null ? document : undefined
  } catch {
    return undefined
  }
}
