import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'

import { MachineMetrics, readMetrics } from '../../../gateway/record/machine-metrics.ts'

function workerWith(count: number) {
  const registers = [new Registry()]
  new Counter({ name: 'calls_total', help: 'c', labelNames: ['code'], registers }).inc(
    { code: '200' },
    count,
  )
  new Gauge({ name: 'in_flight', help: 'g', registers }).set(count)
  new Gauge({ name: 'is_fine', help: 'g', aggregator: 'min', registers }).set(count > 2 ? 1 : 0)
  new Histogram({ name: 'seconds', help: 'h', buckets: [1], registers }).observe(count)
  return readMetrics(registers[0] ?? new Registry())
}

async function samplesOf(metrics: MachineMetrics): Promise<string[]> {
  const text = await metrics.metrics()
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

describe('MachineMetrics', () => {
  it('makes one of what each worker tells', async () => {
    const metrics = new MachineMetrics(new Registry(), () => Promise.resolve())
    metrics.told(1, await workerWith(2))
    metrics.told(2, await workerWith(3))
    expect(await samplesOf(metrics)).toEqual([
      'calls_total{code="200"} 5',
      'in_flight 5',
      'is_fine 0',
      'seconds_bucket{le="1"} 0',
      'seconds_bucket{le="+Inf"} 2',
      'seconds_sum 5',
      'seconds_count 2',
    ])
  })

  it('keeps what was counted by workers that ended, and nothing of how they were', async () => {
    const metrics = new MachineMetrics(new Registry(), () => Promise.resolve())
    metrics.told(1, await workerWith(2))
    metrics.told(2, await workerWith(3))
    metrics.departed(1)
    metrics.departed(2)
    metrics.departed(7)
    metrics.told(3, await workerWith(4))
    const samples = await samplesOf(metrics)
    expect(samples).toContain('calls_total{code="200"} 9')
    expect(samples).toContain('seconds_count 3')
    expect(samples).toContain('in_flight 4')
    expect(samples).toContain('is_fine 1')
  })

  it('asks the workers first, and adds what only it itself can tell', async () => {
    const own = new Registry()
    new Gauge({
      name: 'process_start_time_seconds',
      help: 's',
      aggregator: 'omit',
      registers: [own],
    }).set(7)
    const reading = await workerWith(1)
    const metrics: MachineMetrics = new MachineMetrics(own, () => {
      metrics.told(1, reading)
      return Promise.resolve()
    })
    const samples = await samplesOf(metrics)
    expect(samples).toContain('calls_total{code="200"} 1')
    expect(samples).toContain('process_start_time_seconds 7')
  })
})
