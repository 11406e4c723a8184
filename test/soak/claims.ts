/** What the replay cache may know of a signature, and what a claim of it may so come to. */
import type { Wire } from './wire.ts'
import { parametersOf, valuesOf } from './wire.ts'

/** The state of Redis, as the workers see it. */
export type Store =
  | { readonly kind: 'down' }
  | {
      readonly kind: 'up'
      /** How often it had lost all claims by then. */
      readonly losses: number
      /** Signatures from before this second are surely refused. */
      readonly lowestMark: number
      /** Signatures from this second on are surely not refused for their age; undefined until it is known. */
      highestMark: number | undefined
    }

export type ClaimResult =
  'none' | 'replayed' | 'timestamp_before_start' | 'replay_store_unavailable'

/** Results that tell what the store knows of the signature. */
const ANSWERS: ReadonlySet<ClaimResult> = new Set(['none', 'replayed'])

/** `unsure` if the claim was asked for, and nobody knows whether it was made. */
type Use = 'free' | 'spent' | 'unsure'

export class Claim {
  use: Use = 'free'
  admissions = 0
  #losses = 0
  /** Where an app's redirect leads, which may use the signature once more. */
  #rearmed: string | undefined
  #isRearmSure = true

  /** @returns every result that is right for a request of this target, signed at this second. */
  possible(t: number, target: string, stores: readonly Store[]): Set<ClaimResult> {
    const results = new Set<ClaimResult>()
    if (stores.some(({ kind }) => kind === 'down')) results.add('replay_store_unavailable')
    for (const store of stores) {
      if (store.kind === 'down') continue
      if (t < (store.highestMark ?? Infinity)) results.add('timestamp_before_start')
      if (t < store.lowestMark) continue
      for (const result of this.#whereRemembered(target, store.losses)) results.add(result)
    }
    return results
  }

  #whereRemembered(target: string, losses: number): ClaimResult[] {
    const use = this.useAfter(losses)
    if (use === 'free') return ['none']
    if (use === 'unsure') return ['none', 'replayed']
    if (this.#rearmed !== target) return ['replayed']
    return this.#isRearmSure ? ['none'] : ['none', 'replayed']
  }

  /** What was claimed before a loss is forgotten; the mark keeps what is signed before it out. */
  useAfter(losses: number): Use {
    return this.#losses < losses ? 'free' : this.use
  }

  /** Whether an admission for this target is one that a redirect allows. */
  isFollowedBy(target: string, stores: readonly Store[]): boolean {
    return (
      this.#rearmed === target && lossesOf(stores).some((each) => this.useAfter(each) === 'spent')
    )
  }

  /** @param isUnsent no byte reached the app, so the claim was given back. */
  update(result: ClaimResult, stores: readonly Store[], isUnsent = false): void {
    const isAnswered = ANSWERS.has(result)
    // Nothing was claimed.
    if (stores.length === 1 && !isAnswered) return
    const losses = lossesOf(stores)
    const latest = Math.max(0, ...losses)
    const isKnown = isAnswered || this.useAfter(latest) === 'spent'
    const isOneMemory = new Set(losses).size <= 1
    if (isUnsent) this.use = stores.length === 1 ? 'free' : 'unsure'
    else this.use = isOneMemory && isKnown ? 'spent' : 'unsure'
    this.#losses = latest
    this.#isRearmSure &&= isAnswered
    if (result === 'none') this.#used(isUnsent)
  }

  #used(isUnsent: boolean): void {
    this.#rearmed = undefined
    if (!isUnsent) this.admissions += 1
  }

  /** The app has redirected the request that has just used the signature. */
  rearm(target: string, stores: readonly Store[]): void {
    this.#rearmed = target
    this.#isRearmSure = stores.length === 1
  }
}

const lossesOf = (stores: readonly Store[]) =>
  stores.flatMap((store) => (store.kind === 'up' ? [store.losses] : []))

/** What a redirect makes the signature good for: this and nothing else. */
export function targetOf(wire: Wire): string {
  const parameters = parametersOf(wire)
  const named = ['fnId', 'stepId', 'probe', 'deployId'].map((name) => parameters.get(name))
  return JSON.stringify([wire.method, valuesOf(wire, 'host')[0], wire.path, ...named])
}
