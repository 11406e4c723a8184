/** A simple model of the decisions of a replay store. */
import fc from 'fast-check'

/** A claim or its release: of a MAC alone, or of one of three keys that share it. */
export const step = fc.record({
  what: fc.constantFrom('claim', 'release'),
  mac: fc.nat({ max: 2 }),
  key: fc.nat({ max: 2 }),
  kind: fc.constantFrom('alone', 'probe', 'reentry'),
})

export class ClaimModel {
  readonly #claims: { mac: number; key: number; kind: string }[] = []

  claim(mac: number, key: number, kind: string): string {
    const ofMac = this.#claims.filter((claim) => claim.mac === mac)
    if (ofMac.some((claim) => claim.kind !== kind)) return 'other_kind'
    if (this.#find(mac, key, kind) >= 0) return 'duplicate'
    this.#claims.push({ mac, key, kind })
    return 'claimed'
  }

  release(mac: number, key: number, kind: string): boolean {
    const place = this.#find(mac, key, kind)
    if (place >= 0) this.#claims.splice(place, 1)
    return place >= 0
  }

  #find(mac: number, key: number, kind: string): number {
    return this.#claims.findIndex(
      (claim) =>
        claim.mac === mac && claim.kind === kind && (kind === 'alone' || claim.key === key),
    )
  }
}
