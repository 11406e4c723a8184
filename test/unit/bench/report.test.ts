import { describe, expect, it } from 'vitest'

import { allCells, cellsNamed } from '../../../bench/cells.ts'
import { chart } from '../../../bench/chart.ts'
import type { CellResult } from '../../../bench/run-cell.ts'
import { summarize } from '../../../bench/summary.ts'
import { cellTable, rounded } from '../../../bench/table.ts'
import { judge } from '../../../bench/targets.ts'

function row(candidate: string, cpuMicros: readonly (number | undefined)[]) {
  const samples = cpuMicros.map((cpu) => ({
    requestsPerSecond: 1000,
    cpuMicros: cpu,
    p50Ms: 1.25,
    p99Ms: 12.5,
    rssMegabytes: cpu && 100,
    loadCoreShare: 0.5,
  }))
  return { candidate, label: `<${candidate}>`, checks: 'all', summary: summarize(samples) }
}

function result(name: string, rows: CellResult['rows'], hmacMicros?: number): CellResult {
  const [cell] = cellsNamed([name])
  if (cell === undefined) throw new Error(name)
  const hmacPassMicros =
    hmacMicros === undefined ? undefined : { median: hmacMicros, min: hmacMicros, max: hmacMicros }
  return { cell, rounds: 3, rows, hmacPassMicros }
}

const small = result('2k-canonical-keepalive-64', [
  row('bare', [100, 110, 90]),
  row('gateway', [80, 85, 75]),
  row('naive', [1000, 900, 1100]),
  row('direct', [undefined]),
])

describe('cellTable', () => {
  it('orders by CPU and divides by the bare proxy', () => {
    const lines = cellTable(small).split('\n').slice(4, 8)
    const firstTwo = lines.map((line) => line.split('|').map((part) => part.trim()))
    expect(firstTwo.map((parts) => [parts[1], parts[3], parts[4], parts[5]])).toEqual([
      ['direct', '–', '–', '–'],
      ['**gateway**', '80', '75–85', '0.80'],
      ['bare', '100', '90–110', '1.00'],
      ['naive', '1,000', '900–1,100', '10.00'],
    ])
  })
})

describe('rounded', () => {
  it.each([
    [0.123, '0.12'],
    [12.34, '12.3'],
    [123.4, '123'],
    [12_345.6, '12,346'],
  ])('writes %d as %s', (value, expected) => {
    expect(rounded(value)).toBe(expected)
  })
})

describe('judge', () => {
  it('says something of what was measured only', () => {
    expect(judge([small]).map(({ measured, isMet }) => [measured, isMet])).toEqual([
      [0.8, true],
      [0.08, true],
    ])
  })

  it('adds one HMAC pass to the bare proxy at 4 MB', () => {
    const rows = [row('bare', [6000]), row('gateway', [14_000])]
    const [target] = judge([result('4m-canonical-keepalive-4', rows, 2000)])
    expect(target).toMatchObject({ measured: 1.75, atMost: 1.5, isMet: false })
  })
})

describe('chart', () => {
  it('has a bar for each candidate with a process, and breaks off the longest', () => {
    const svg = chart([small])
    expect(svg.match(/<rect /g)).toHaveLength(3)
    expect(svg).toContain('» 1,000 (10.00)')
    expect(svg).not.toContain('NaN')
  })
})

describe('the cells', () => {
  it('have names of their own, and never more bytes at once than the gateway buffers', () => {
    expect(new Set(allCells.map(({ name }) => name)).size).toBe(allCells.length)
    for (const { bodyBytes, connections } of allCells) {
      expect(bodyBytes * connections).toBeLessThan(100 * 1024 * 1024)
    }
  })

  it('are asked for by name', () => {
    expect(() => cellsNamed(['2k'])).toThrow('no cell is called 2k')
  })
})
