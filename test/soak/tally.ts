/** What the metrics have to come to, by the names that sums.ts gives them. */
import type { LogLine } from './gateway-process.ts'
import type { Judgment } from './oracle.ts'
import type { Outcome } from './outcome.ts'

export class Tally {
  readonly counts = new Map<string, number>()

  /** Of each request, whether it is known or not. */
  addLine({ route = 'unmatched', method, decision, reason, status = 'none' }: LogLine): void {
    const named = method === undefined || method === '' ? 'other' : method
    this.#count('requests', [route, named, decision, reason, status].join(' '))
    this.#count('durations', [route, decision].join(' '))
  }

  /** @param isFollowing its claim, if it is admitted, follows a redirect. */
  addEnd(
    isFollowing: boolean,
    { reason, decision }: Outcome,
    judgment: Judgment | undefined,
    { claim, report_only: reported = [] }: LogLine,
  ): void {
    const isClaimed = decision === 'admitted' || reason === 'upstream_connect'
    if (isClaimed) this.#addClaim(isFollowing, judgment)
    if (claim === 'released') this.#count('claims', 'released')
    if (judgment?.verified !== undefined) this.#count('verifications', judgment.verified.form)
    for (const [kind, labels] of COUNTED_FOR[reason] ?? []) this.#count(kind, labels)
    for (const each of reported as string[]) this.#count('reported', each)
  }

  #addClaim(isFollowing: boolean, judgment: Judgment | undefined): void {
    if (judgment?.claim !== undefined) this.#count('claims', isFollowing ? 'followed' : 'claimed')
  }

  #count(kind: string, labels: string): void {
    const key = `${kind} ${labels}`
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
  }
}

/** What is counted for a reason, beside the request. */
const COUNTED_FOR: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  replayed: [['claims', 'duplicate']],
  timestamp_before_start: [['claims', 'before_start']],
  signature_mismatch: [['verifications', 'mismatch']],
  introspection_mismatch: [['verifications', 'mismatch']],
}
