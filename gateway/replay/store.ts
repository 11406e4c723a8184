/** The contract of a replay store: an atomic first use of a key, remembered until it expires. */

export interface Claim {
  /** 32 bytes; equal for equal requests (inngest/claim-key.ts). */
  readonly key: Uint8Array
  /** When the request was signed, Unix seconds. */
  readonly timestampSeconds: number
  /** The last Unix second at which a copy could still be fresh. */
  readonly expiresAtSeconds: number
}

/**
 * `claimed`: first use, now spent. `duplicate`: spent already. `full`: no room, nothing was
 * forgotten. `before_start`: signed before the store remembers, so a first use cannot be told from
 * a second.
 */
export type ClaimOutcome = 'claimed' | 'duplicate' | 'full' | 'before_start'

export interface ReplayStore {
  /** @param nowMs the clock reading of the freshness check, Unix milliseconds. */
  claim(claim: Claim, nowMs: number): Promise<ClaimOutcome>
  /** Live and not yet swept claims. */
  readonly entries: number
  readonly capacity: number
}
