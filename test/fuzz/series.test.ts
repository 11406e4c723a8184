/** Counters and histograms counted by series, against those of prom-client: as one process and as several workers show them. */
import fc from 'fast-check'
import { AggregatorRegistry, Counter, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'

import { readMetrics } from '../../gateway/record/machine-metrics.ts'
import { SeriesCounter, SeriesHistogram } from '../../gateway/record/series.ts'
import { fuzz } from '../support/fuzz.ts'

async function shown(registry: Registry) {
  const reading = await readMetrics(registry)
  // As a worker sends it.
  const sent = JSON.parse(JSON.stringify(reading)) as object[]
  const sum = await AggregatorRegistry.aggregate([sent, sent]).metrics()
  return [await registry.metrics(), sum]
}

const labels = fc.record({
  route: fc.constantFrom('app', 'a b', 'é"\\\n', '0'),
  code: fc.constantFrom('200', '404', 'none'),
})

describe('a counter by series', () => {
  it('shows what one of prom-client shows, whether it is read in between or not', async () => {
    const step = fc.oneof(labels, fc.constant('read'))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const [own, theirs] = [new Registry(), new Registry()]
        const options = { name: 'calls_total', help: 'c', labelNames: ['route', 'code'] as const }
        const counter = new SeriesCounter({ ...options, registers: [own] })
        const expected = new Counter({ ...options, registers: [theirs] })
        const known = new Map<string, ReturnType<typeof counter.series>>()
        for (const [i, each] of steps.entries()) {
          if (typeof each === 'string') {
            await own.metrics()
            continue
          }
          expected.inc(each)
          // Every other time through the library, as what few requests have.
          if (i % 3 === 0) counter.inc(each)
          else {
            const key = JSON.stringify([each, i % 2])
            const series = known.get(key) ?? counter.series(each)
            known.set(key, series)
            series.inc()
          }
        }
        expect(await shown(own)).toEqual(await shown(theirs))
      }),
      fuzz(0.1),
    )
  })
})

describe('a histogram by series', () => {
  const buckets = [-10, 0, 0.005, 1, 2.5, 1024]
  const value = fc.oneof(
    fc.constantFrom(...buckets, 1024.5, 5e-324, -0),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  )

  it('shows what one of prom-client shows', async () => {
    const observed = fc.array(fc.tuple(labels, value), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(observed, async (observations) => {
        const [own, theirs] = [new Registry(), new Registry()]
        const options = { name: 'seconds', help: 'h', labelNames: ['route', 'code'] as const }
        const histogram = new SeriesHistogram({ ...options, buckets, registers: [own] })
        const expected = new Histogram({ ...options, buckets, registers: [theirs] })
        for (const [each, seen] of observations) {
          histogram.series({ ...each }).observe(seen)
          expected.observe(each, seen)
        }
        expect(await shown(own)).toEqual(await shown(theirs))
      }),
      fuzz(0.1),
    )
  })

  it('is shown without labels before anything was observed', async () => {
    const [own, theirs] = [new Registry(), new Registry()]
    const options = { name: 'bytes', help: 'h' }
    const series = new SeriesHistogram({ ...options, buckets, registers: [own] }).series({})
    const expected = new Histogram({ ...options, buckets, registers: [theirs] })
    expect(await shown(own)).toEqual(await shown(theirs))
    series.observe(1)
    expected.observe(1)
    expect(await shown(own)).toEqual(await shown(theirs))
  })
})
