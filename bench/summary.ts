/** From the samples of several rounds to one number each, and how far they lay apart. */

/** One candidate in one round. Of the way without a proxy there is no process to look at. */
export interface Sample {
  readonly requestsPerSecond: number
  /** User and system, microseconds of the proxy for each request. */
  readonly cpuMicros: number | undefined
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssMegabytes: number | undefined
  /** Share of the other core that load generator and upstream used: near 1, they are the limit. */
  readonly loadCoreShare: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export type Summary = { readonly [Field in keyof Sample]: Spread | undefined }

export function summarize(samples: readonly Sample[]): Summary {
  const of = (field: keyof Sample) =>
    spread(samples.map((sample) => sample[field]).filter((value) => value !== undefined))
  return {
    requestsPerSecond: of('requestsPerSecond'),
    cpuMicros: of('cpuMicros'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    rssMegabytes: of('rssMegabytes'),
    loadCoreShare: of('loadCoreShare'),
  }
}

/** @returns undefined of no values. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [min, max] = [sorted.at(0), sorted.at(-1)]
  if (min === undefined || max === undefined) return undefined
  return { median: medianOfSorted(sorted), min, max }
}

function medianOfSorted(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN
  return (lower + upper) / 2
}

/** @param share 0.99 for the 99th. @returns NaN of no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN
}
