import { describe, expect, it } from 'vitest'

import { candidates } from '../../../bench/candidates.ts'
import { allCells, cellsNamed, defaultCells } from '../../../bench/cells.ts'
import { chart } from '../../../bench/chart.ts'
import type { CellResult } from '../../../bench/run-cell.ts'
import { summarize } from '../../../bench/summary.ts'
import { cellTable, rounded, targetTable } from '../../../bench/table.ts'
import { cpuTargets, judge, judgeGrowth, judgeLatency } from '../../../bench/targets.ts'

function row(candidate: string, cpuMicros: readonly (number | undefined)[], rssMegabytes?: number) {
  const samples = cpuMicros.map((cpu) => ({
    requestsPerSecond: 1000,
    cpuMicros: cpu,
    p50Ms: 1.25,
    p99Ms: 12.5,
    rssMegabytes,
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
  it('reports the targets whose cell and candidates were measured', () => {
    expect(judge([small]).map(({ what, measured }) => [what, measured])).toEqual([
      ['CPU, 2k-canonical-keepalive-64: gateway ÷ bare', 0.8],
      ['CPU, 2k-canonical-keepalive-64: gateway ÷ naive', 0.08],
    ])
  })

  it.each([
    [62, 'aim met'],
    [63, 'met'],
    [72, 'met'],
    [73, 'not met'],
  ])('holds %i %% of the CPU of 13850df against requirement and aim', (percent, verdict) => {
    const rows = [row('before-wire', [100]), row('gateway', [percent])]
    const [target] = judge([result('2k-canonical-keepalive-64', rows)])
    expect(target).toMatchObject({ required: 0.72, aim: 0.62, verdict })
  })

  it('compares the memory at 2 KB and 64 connections with that of 13850df', () => {
    const rows = [row('before-wire', [100], 200), row('gateway', [50], 120)]
    const target = judge([result('2k-canonical-keepalive-64', rows)]).at(-1)
    expect(target).toMatchObject({
      what: 'RSS, 2k-canonical-keepalive-64: gateway ÷ before-wire',
      measured: 0.6,
      required: 0.7,
      verdict: 'met',
    })
  })

  it('adds one HMAC pass to the bare proxy at 4 MB', () => {
    const rows = [row('bare', [6000]), row('gateway', [14_000])]
    const [target] = judge([result('4m-canonical-keepalive-4', rows, 2000)])
    expect(target).toMatchObject({ measured: 1.75, required: 1.5, verdict: 'not met' })
  })

  it('has targets for cells that are measured by default, against known candidates', () => {
    const cells = defaultCells.map(({ name }) => name)
    const names = candidates.map(({ name }) => name)
    for (const { cell, against } of cpuTargets) {
      expect(cells).toContain(cell)
      expect(names).toContain(against)
    }
  })
})

describe('judgeLatency', () => {
  const rowWith = (candidate: string, fast: number, withLarge: number) => ({
    candidate,
    p99Ms: new Map([
      ['1,500/s', fast],
      ['300/s with 4 MB', withLarge],
    ]),
  })

  it('compares 1,500 requests a second with Go, and large neighbors with the bare proxy', () => {
    const rows = [rowWith('gateway', 9, 6), rowWith('go-raw', 10, 1), rowWith('bare', 20, 3)]
    expect(
      judgeLatency(rows).map(({ what, measured, verdict }) => [what, measured, verdict]),
    ).toEqual([
      ['p99, 1,500/s: gateway ÷ go-raw', 0.9, 'met'],
      ['p99, 300/s with 4 MB: gateway ÷ bare', 2, 'not met'],
    ])
  })
})

describe('judgeGrowth', () => {
  it('allows 5 % more RSS after a million requests, and 10 % of what is in it', () => {
    const first = { rss: 100, heapUsed: 100, external: 100 }
    const last = { rss: 106, heapUsed: 106, external: 90 }
    expect(judgeGrowth(first, last).map(({ what, verdict }) => [what, verdict])).toEqual([
      ['RSS: last ÷ first', 'not met'],
      ['heap used: last ÷ first', 'met'],
      ['external: last ÷ first', 'met'],
    ])
  })
})

describe('targetTable', () => {
  it('shows what is required and what is aimed at', () => {
    const rows = [row('before-wire', [100]), row('gateway', [70])]
    const text = targetTable(judge([result('2k-canonical-keepalive-64', rows)]))
    const [line = ''] = text.split('\n').filter((one) => one.includes('CPU'))
    expect(line.split('|').map((part) => part.trim())).toEqual([
      '',
      'CPU, 2k-canonical-keepalive-64: gateway ÷ before-wire',
      '0.70',
      '0.72',
      '0.62',
      'met',
      '',
    ])
  })

  it('is empty without a target', () => {
    expect(targetTable([])).toBe('')
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
