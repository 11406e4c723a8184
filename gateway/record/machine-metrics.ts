/**
 * The metrics of all workers as those of one gateway. The counts of a worker are kept when another replaces it,
 * as far as they were reported: a counter that decreases would look like the start of another gateway.
 */
import { AggregatorRegistry, type Registry } from 'prom-client'

/** The actual result of `Registry.getMetricsAsJSON`; its declared types differ. */
export type MetricsReading = readonly { readonly name: string; readonly type: string }[]

/** The sum of the workers' values has no meaning, so they are omitted. */
const START_TIME = 'process_start_time_seconds'

export class MachineMetrics {
  readonly contentType: Registry['contentType']
  readonly #own: Registry
  readonly #askWorkers: () => Promise<unknown>
  readonly #latest = new Map<number, MetricsReading>()
  #departed: Promise<MetricsReading> = Promise.resolve([])

  /**
   * @param own registry of the primary process.
   * @param askWorkers resolves when the workers that respond in time have been passed to `told`.
   */
  constructor(own: Registry, askWorkers: () => Promise<unknown>) {
    this.#own = own
    this.#askWorkers = askWorkers
    this.contentType = own.contentType
  }

  told(worker: number, reading: MetricsReading): void {
    this.#latest.set(worker, reading)
  }

  departed(worker: number): void {
    const counted = (this.#latest.get(worker) ?? []).filter(({ type }) => type !== 'gauge')
    this.#latest.delete(worker)
    this.#departed = this.#departed.then((before) => readMetrics(sumOf([before, counted])))
  }

  async metrics(): Promise<string> {
    await this.#askWorkers()
    const own = await readMetrics(this.#own)
    const departed = await this.#departed
    const sum = sumOf([...this.#latest.values(), departed, own])
    const startTime = this.#own.getSingleMetric(START_TIME)
    if (startTime !== undefined) sum.registerMetric(startTime)
    return await sum.metrics()
  }
}

export async function readMetrics(registry: Registry): Promise<MetricsReading> {
  return (await registry.getMetricsAsJSON()) as unknown as MetricsReading
}

function sumOf(readings: readonly MetricsReading[]): Registry {
  return AggregatorRegistry.aggregate([...readings])
}
