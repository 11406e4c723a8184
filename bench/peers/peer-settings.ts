/** What the bench tells the peers that run on Node, in their environment. */

export interface PeerSettings {
  readonly port: number
  readonly upstreamPort: number
  /** Without its prefix, as Inngest uses it. */
  readonly key: string
  readonly ranges: readonly string[]
}

export function peerSettings(): PeerSettings {
  const { BENCH_PORT, BENCH_UPSTREAM_PORT, BENCH_KEY = '', BENCH_RANGES = '[]' } = process.env
  return {
    port: Number(BENCH_PORT),
    upstreamPort: Number(BENCH_UPSTREAM_PORT),
    key: BENCH_KEY,
    ranges: JSON.parse(BENCH_RANGES) as string[],
  }
}
