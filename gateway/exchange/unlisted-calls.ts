/**
 * Detects whether function calls that are refused for their address are signed by Inngest: the allowlist may
 * lack one of its ranges. After the refusal has been sent, the body is read while the connection is being
 * closed, within a budget, and its MAC is computed piece by piece. The request stays refused, and nothing of
 * its body is kept.
 */
import type { ClientRequest } from '../accept/client-request.ts'
import type { LateBodyHandler } from '../accept/linger.ts'
import { fieldValues } from '../admit/request-head.ts'
import { findUnlistedCall, type UnlistedCall } from '../admit/unlisted-call.ts'
import type { Settings } from '../config/compile.ts'
import { MacStream } from '../inngest/mac.ts'
import type { Clock } from '../record/clock.ts'
import type { LateReadingResult, UnlistedSighting } from '../record/unlisted-ranges.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { Exchange } from './exchange.ts'
import type { LateReadingBudget } from './late-reading-budget.ts'

/** Most function calls are much shorter. Longer bodies are not read. */
const MOST_BYTES = 262_144

/** For the whole body. A connection that is being closed is kept for the same time (accept/linger.ts). */
const MOST_MS = 2000

/**
 * The delay before a signature is looked up. If the call is a copy, the original has claimed the signature by
 * then.
 */
const LOOK_UP_AFTER_MS = 3000

export interface UnlistedCallsParts {
  readonly replay: Pick<ReplayStore, 'isClaimed'>
  readonly clock: Clock
  /** Called for each verified and unclaimed function call. */
  readonly onFound: (sighting: UnlistedSighting) => void
  readonly onResult: (result: LateReadingResult) => void
  readonly budget: LateReadingBudget
}

export class UnlistedCalls {
  readonly #parts: UnlistedCallsParts
  #isStopped = false
  #abort: (() => void) | undefined
  /** For signatures that wait for their look-up. The budget limits them to a few. */
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(parts: UnlistedCallsParts) {
    this.#parts = parts
  }

  /** To be called when the refusal has been sent. */
  refused(exchange: Exchange, { policy, config }: Settings): void {
    if (exchange.refusal !== 'client_not_allowed' || this.#isStopped) return
    const { clock, budget } = this.#parts
    const nowMs = clock.monotonicMs()
    if (!budget.isOpen(nowMs) || !config.inngestRanges.reportUnlisted) return
    const request = unreadRequest(exchange)
    if (request === undefined) return
    const call = findUnlistedCall(exchange.head, exchange.facts, policy, clock.nowMs())
    if (call !== undefined && budget.take(call.range, nowMs)) this.#read(call, request)
  }

  /** Stops reading, and drops all readings and look-ups in progress. */
  stop(): void {
    this.#isStopped = true
    this.#abort?.()
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #read(call: UnlistedCall, request: ClientRequest): void {
    const timer = setTimeout(() => {
      this.#abort?.()
    }, MOST_MS).unref()
    const reading = new LateReading(call, (outcome) => {
      clearTimeout(timer)
      this.#abort = undefined
      request.readLate(undefined)
      this.#finish(call, outcome)
    })
    this.#abort = () => {
      reading.onGone()
    }
    request.readLate(reading)
  }

  #finish(call: UnlistedCall, outcome: ReadingOutcome): void {
    const isVerified = outcome === 'verified'
    this.#parts.budget.done(call.range, isVerified, this.#parts.clock.monotonicMs())
    if (!isVerified) {
      this.#parts.onResult(outcome)
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#lookUp(call)
    }, LOOK_UP_AFTER_MS).unref()
    this.#timers.add(timer)
  }

  async #lookUp({ route, range, credentials, expiresAtSeconds }: UnlistedCall): Promise<void> {
    const result = await this.#judge(credentials)
    this.#parts.onResult(result)
    if (result !== 'verified') return
    const mac = Buffer.from(credentials.mac).toString('hex')
    this.#parts.onFound({ range, route: route.name, mac, expiresAtSeconds })
  }

  /** If an admitted request has claimed the signature, this request is a copy of it. Nothing is claimed here. */
  async #judge({ mac, timestampSeconds }: UnlistedCall['credentials']): Promise<LateReadingResult> {
    const { replay, clock } = this.#parts
    try {
      const isClaimed = await replay.isClaimed(mac, timestampSeconds, clock.nowMs())
      return isClaimed ? 'claimed' : 'verified'
    } catch {
      return 'store_unavailable'
    }
  }
}

/** @returns the request, if its body was not read and can still arrive. */
function unreadRequest({ head, client }: Exchange): ClientRequest | undefined {
  const { request, response } = client
  // A client that waits for a 100 sends no body after another response.
  if (request === undefined || request.isComplete || request.awaitsContinue) return undefined
  if (response === undefined || response.isClosed) return undefined
  const [announced = '0'] = fieldValues(head.rawHeaders, 'content-length')
  return Number(announced) > MOST_BYTES ? undefined : request
}

type ReadingOutcome = 'verified' | 'mismatch' | 'incomplete'

/** One body that is being read. Only its MACs are kept. */
class LateReading implements LateBodyHandler {
  readonly #credentials: UnlistedCall['credentials']
  readonly #macs: MacStream
  readonly #onOutcome: (outcome: ReadingOutcome) => void
  #bytes = 0
  #isDone = false

  constructor({ route, credentials }: UnlistedCall, onOutcome: (outcome: ReadingOutcome) => void) {
    this.#credentials = credentials
    this.#macs = new MacStream(route.signingKeys)
    this.#onOutcome = onOutcome
  }

  onPiece(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > MOST_BYTES) this.#end('incomplete')
    else this.#macs.update(piece)
  }

  onEnd(): void {
    const isSigned = this.#bytes > 0 && this.#macs.isSignedWith(this.#credentials)
    this.#end(isSigned ? 'verified' : 'mismatch')
  }

  onGone(): void {
    this.#end('incomplete')
  }

  #end(outcome: ReadingOutcome): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#onOutcome(outcome)
  }
}
