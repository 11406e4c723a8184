/** Sends requests and says of each what has to become of it, by all that was in force while it was sent. */
import type { App } from './app.ts'
import { Claim, targetOf, type ClaimResult, type Store } from './claims.ts'
import { send, sendBytes, type Answer } from './client.ts'
import type { LogLine } from './gateway-process.ts'
import type { Ledger } from './ledger.ts'
import { judge, type Judgment } from './oracle.ts'
import { keyOf, outcomeOf } from './outcome.ts'
import type { Random } from './random.ts'
import type { Settings } from './settings.ts'
import type { Timeline } from './timeline.ts'
import { valuesOf, withMark, type Wire } from './wire.ts'

export interface PlaygroundParts {
  readonly port: number
  readonly app: App
  readonly ledger: Ledger
  readonly settings: Timeline<Settings>
  readonly stores: Timeline<Store>
}

interface Ended {
  readonly mark: number
  readonly wire: Wire
  readonly answer: Answer
  readonly line: LogLine
}

/** What was in force while some requests were under way. */
interface Meanwhile {
  readonly settings: readonly Settings[]
  readonly stores: readonly Store[]
  readonly seconds: readonly number[]
}

/** The reason for which a claim is given back. */
const UNSENT = 'upstream_connect'

/** Of what was sent before, so many are kept to be sent again. */
const MOST_KEPT = 3000

export class Playground {
  /** Signatures dated ahead of the clock that were admitted again after Redis had lost their claims. */
  admittedAfterLoss = 0
  readonly #parts: PlaygroundParts
  readonly #claims = new Map<string, Claim>()
  /** By signature: two requests with one are only under way together where that is the play. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #kept: Wire[] = []
  #marks = 0

  constructor(parts: PlaygroundParts) {
    this.#parts = parts
  }

  /** @param redirect to which path the app redirects it, if it gets there. */
  async send(play: string, wire: Wire, random: Random, redirect?: Wire): Promise<void> {
    await this.#inTurn(wire, () => this.#sendAll(play, [wire], random, redirect))
  }

  /** All at once: if the one is to be admitted, exactly one of them is. */
  async sendCopies(play: string, wire: Wire, count: number, random: Random): Promise<void> {
    const copies = Array.from({ length: count }, () => wire)
    await this.#inTurn(wire, () => this.#sendAll(play, copies, random))
  }

  /** No HTTP at all. */
  async sendGarbage(play: string, bytes: string): Promise<void> {
    const { ledger, port } = this.#parts
    ledger.beginUnmarked()
    const status = await sendBytes(port, bytes)
    if (status !== 400) ledger.complain(play, `got ${String(status)} for what is no HTTP`)
  }

  /** @returns a request that was sent before, mostly one of the last. */
  recall(random: Random): Wire | undefined {
    const { length } = this.#kept
    const least = random.chance(0.7) ? Math.max(0, length - 200) : 0
    return this.#kept[random.between(least, length - 1)]
  }

  #keep(wire: Wire, random: Random): void {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(wire)
    else this.#kept[random.between(0, MOST_KEPT - 1)] = wire
  }

  async #inTurn<T>(wire: Wire, run: () => Promise<T>): Promise<T> {
    const signature = valuesOf(wire, 'x-inngest-signature').join()
    const before = this.#turns.get(signature)
    const mine = (before ?? Promise.resolve()).then(run)
    this.#turns.set(signature, mine)
    try {
      return await mine
    } finally {
      if (this.#turns.get(signature) === mine) this.#turns.delete(signature)
    }
  }

  async #sendAll(
    play: string,
    wires: readonly Wire[],
    random: Random,
    redirect?: Wire,
  ): Promise<void> {
    const fromMs = Date.now()
    const ended = await Promise.all(wires.map((wire) => this.#sendOne(wire, random, redirect)))
    const meanwhile = this.#meanwhile(fromMs, Date.now())
    const isAlone = wires.length === 1
    const judged = ended.map((end) =>
      this.#judge(play, end, meanwhile, isAlone, redirect !== undefined),
    )
    if (!isAlone) this.#checkCopies(play, judged)
    this.#updateClaims(judged, meanwhile.stores)
    for (const { reason, claim } of judged) {
      if (redirect !== undefined && reason === 'none') {
        claim?.rearm(targetOf(redirect), meanwhile.stores)
      }
    }
    if (wires[0] !== undefined) this.#keep(wires[0], random)
  }

  async #sendOne(plain: Wire, random: Random, redirect: Wire | undefined): Promise<Ended> {
    const { port, app, ledger } = this.#parts
    const mark = (this.#marks += 1)
    const wire = withMark(plain, mark)
    if (redirect !== undefined) app.redirects.set(mark, redirect.path)
    const logged = ledger.begin(mark)
    const answer = await send(port, wire, random.chance(0.5))
    const line = await logged
    app.redirects.delete(mark)
    return { mark, wire, answer, line }
  }

  #meanwhile(fromMs: number, toMs: number): Meanwhile {
    const [first, last] = [Math.floor(fromMs / 1000), Math.floor(toMs / 1000)]
    return {
      settings: this.#parts.settings.during(fromMs, toMs),
      stores: this.#parts.stores.during(fromMs, toMs),
      seconds: Array.from({ length: last - first + 1 }, (_, i) => first + i),
    }
  }

  #judge(
    play: string,
    { mark, wire, answer, line }: Ended,
    { settings, stores, seconds }: Meanwhile,
    isAlone: boolean,
    mayBeRedirected: boolean,
  ): Judged {
    const allowed = new Map<string, Judgment>()
    for (const each of settings) {
      for (const nowSeconds of seconds) {
        const judgment = judge(wire, { settings: each, nowSeconds })
        for (const end of this.#endsOf(judgment, wire, stores, isAlone)) {
          const isRedirected = mayBeRedirected && end.outcome.decision === 'admitted'
          const outcome = isRedirected ? { ...end.outcome, status: 307 } : end.outcome
          allowed.set(keyOf(outcome), { ...end, outcome })
        }
      }
    }
    const reason = String(line['reason'])
    const judgment = [...allowed.values()].find(({ outcome }) => outcome.reason === reason)
    const claim = judgment?.claim === undefined ? undefined : this.#claimOf(judgment.claim)
    const isFollowing = claim?.isFollowedBy(targetOf(wire), stores) === true
    this.#parts.ledger.answered(mark, {
      play,
      wire,
      allowed,
      status: answer.status,
      isFromApp: answer.appMark === mark,
      isFollowing,
    })
    return { reason, claim, isFollowing, allowed }
  }

  /** Every right end of a request in one world, its claim included. */
  #endsOf(
    judgment: Judgment,
    wire: Wire,
    stores: readonly Store[],
    isAlone: boolean,
  ): readonly Judgment[] {
    const { claim, verified, outcome } = judgment
    if (claim === undefined || verified === undefined) return [judgment]
    const results = this.#claimOf(claim).possible(verified.t, targetOf(wire), stores)
    // One of the others is.
    if (!isAlone && results.has('none')) results.add('replayed')
    return [...results].map((result) =>
      result === 'none'
        ? judgment
        : { ...judgment, outcome: outcomeOf(wire.method, outcome.route, result, outcome.reported) },
    )
  }

  #claimOf(key: string): Claim {
    const known = this.#claims.get(key)
    if (known !== undefined) return known
    const claim = new Claim()
    this.#claims.set(key, claim)
    return claim
  }

  #checkCopies(play: string, judged: readonly Judged[]): void {
    const admitted = judged.filter(({ reason }) => reason === 'none').length
    const ends = new Set(
      judged.flatMap(({ allowed }) => [...allowed.values()].map(({ outcome }) => outcome.reason)),
    )
    const isSure =
      ends.has('none') && [...ends].every((end) => end === 'none' || end === 'replayed')
    if (admitted > 1 || (isSure && admitted !== 1)) {
      const of = `${String(admitted)} of ${String(judged.length)}`
      this.#parts.ledger.complain(play, `${of} copies were admitted`)
    }
  }

  #updateClaims(judged: readonly Judged[], stores: readonly Store[]): void {
    // What is sure comes last.
    const order: readonly ClaimResult[] = [
      'replay_store_unavailable',
      'timestamp_before_start',
      'none',
      'replayed',
    ]
    for (const result of order) {
      const own = judged.filter(({ reason }) => resultOf(reason) === result && reason !== UNSENT)
      for (const { claim, isFollowing } of own) {
        const isAgain = result === 'none' && !isFollowing && (claim?.admissions ?? 0) > 0
        if (isAgain) this.admittedAfterLoss += 1
        claim?.update(result, stores)
      }
    }
    // Whatever it made the others look like, it has given back what it took.
    const unsent = judged.find(({ reason }) => reason === UNSENT)
    unsent?.claim?.update('none', stores, true)
  }
}

interface Judged {
  readonly reason: string
  readonly claim: Claim | undefined
  readonly isFollowing: boolean
  readonly allowed: ReadonlyMap<string, Judgment>
}

function resultOf(reason: string): ClaimResult | undefined {
  switch (reason) {
    case 'none':
    case 'replayed':
    case 'timestamp_before_start':
    case 'replay_store_unavailable':
      return reason
    default:
      return undefined
  }
}
