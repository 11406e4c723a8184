/** How many connections each client network has, and all of them together. */
import { formatAddress, parsePeerAddress } from '../ip/address.ts'

export class NetworkCounts {
  readonly #counts = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  /** @returns false, and counts nothing, if this network has reached `limit`. */
  take(network: string, limit: number): boolean {
    const count = this.#counts.get(network) ?? 0
    if (count >= limit) return false
    this.#counts.set(network, count + 1)
    this.#total += 1
    return true
  }

  leave(network: string): void {
    const left = (this.#counts.get(network) ?? 1) - 1
    if (left === 0) this.#counts.delete(network)
    else this.#counts.set(network, left)
    this.#total -= 1
  }
}

/**
 * A host has a whole IPv6 /64 to take addresses from. That includes link-local addresses, whatever
 * interface (zone) they came in on.
 */
export function networkOf(text: string): string {
  if (!text.includes(':')) return text
  const address = parsePeerAddress(text)
  if (address === undefined) return text
  return address.family === 4 ? formatAddress(address) : `${String(address.value >> 64n)}::/64`
}
