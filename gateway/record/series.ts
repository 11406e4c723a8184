/**
 * Counters and histograms whose series are looked up only once. For each count, prom-client makes a text from
 * the labels, checks their names and looks the text up: for the seven counts of a request, this takes several
 * times as long as the counting.
 */
import { Counter, type LabelValues, type Metric, type Registry } from 'prom-client'

/** The value of a counter for one combination of labels. */
export class CountSeries {
  /** Not yet added to the counter. */
  pending = 0

  inc(): void {
    this.pending += 1
  }
}

export class SeriesCounter<Label extends string> extends Counter<Label> {
  readonly #all: (readonly [LabelValues<Label>, CountSeries])[] = []

  /** The result must be kept: each call makes a new one. */
  series(labels: LabelValues<Label>): CountSeries {
    const series = new CountSeries()
    this.#all.push([labels, series])
    // Series are exported in the order in which they first counted.
    this.inc(labels, 0)
    return series
  }

  override get() {
    for (const [labels, series] of this.#all) {
      if (series.pending > 0) this.inc(labels, series.pending)
      series.pending = 0
    }
    return super.get()
  }
}

interface HistogramOptions<Label> {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly Label[]
  readonly buckets: readonly number[]
  readonly registers: readonly Registry[]
}

/** The observations of a histogram for one combination of labels. */
export class HistogramSeries {
  readonly #bounds: readonly number[]
  /** For each bucket alone. An observation above the last bound is in none. */
  readonly counts: number[]
  count = 0
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.count += 1
    this.sum += value
    let at = 0
    for (const bound of this.#bounds) {
      if (value <= bound) {
        this.counts[at] = (this.counts[at] ?? 0) + 1
        return
      }
      at += 1
    }
  }
}

/**
 * The interface that a registry reads from a metric. prom-client itself registers such objects for several
 * workers.
 */
export class SeriesHistogram<Label extends string = never> {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly Label[]
  readonly #bounds: readonly number[]
  readonly #all = new Map<string, readonly [LabelValues<Label>, HistogramSeries]>()

  constructor({ name, help, labelNames = [], buckets, registers }: HistogramOptions<Label>) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#bounds = buckets
    // The declared type is one of the library's classes.
    for (const registry of registers) registry.registerMetric(this as unknown as Metric<Label>)
  }

  /** Returns the same series for the same labels, which have to be in the same order. */
  series(labels: LabelValues<Label>): HistogramSeries {
    const key = JSON.stringify(labels)
    const known = this.#all.get(key)
    if (known !== undefined) return known[1]
    const series = new HistogramSeries(this.#bounds)
    this.#all.set(key, [labels, series])
    return series
  }

  get() {
    const { name, help, type, aggregator } = this
    const values = [...this.#all.values()].flatMap(([labels, series]) =>
      this.#valuesOf(labels, series),
    )
    return Promise.resolve({ name, help, type, aggregator, values })
  }

  #valuesOf(labels: LabelValues<Label>, { counts, count, sum }: HistogramSeries) {
    let below = 0
    const bucket = (le: number | string, value: number) => ({
      metricName: `${this.name}_bucket`,
      labels: { le, ...labels },
      value,
    })
    return [
      ...this.#bounds.map((le, i) => bucket(le, (below += counts[i] ?? 0))),
      bucket('+Inf', count),
      { metricName: `${this.name}_sum`, labels: { ...labels }, value: sum },
      { metricName: `${this.name}_count`, labels: { ...labels }, value: count },
    ]
  }
}
