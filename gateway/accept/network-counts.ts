/** Counts the connections of each client network, and of all together. */
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
 * An IPv6 host can use any address of its /64, so the /64 counts as one network. This includes link-local
 * addresses, on whatever interface (zone).
 */
export function networkOf(text: string): string {
  if (!text.includes(':')) return text
  const address = parsePeerAddress(text)
  if (address === undefined) return text
  return address.family === 4 ? formatAddress(address) : `${String(address.value >> 64n)}::/64`
}
