/** CPU for each request as an SVG: a panel for each cell, a bar for each candidate, shortest first. */
import type { CellResult, Row } from './run-cell.ts'
import { rounded } from './table.ts'

const WIDTH = 860
const LABELS_WIDTH = 130
const NUMBERS_WIDTH = 170
const BAR_HEIGHT = 16
const ROW_HEIGHT = 22
const TITLE_HEIGHT = 40

/** Longer bars are broken off there, so that one slow candidate does not flatten all others. */
const CUT_AT_BARE = 3

/** Legible on white and on black alike: no background of its own, and greys from the middle. */
const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #7d8590 }
    .title { font-weight: 600; font-size: 13px }
    .own { font-weight: 600 }
    .bar { fill: #8b949e; opacity: 0.7 }
    .bar.own { fill: #2f81f7; opacity: 1 }
    .range { stroke: #7d8590; stroke-width: 1.5 }
    .bare { stroke: #7d8590; stroke-dasharray: 3 3 }`

interface Bar {
  readonly row: Row
  readonly median: number
  readonly min: number
  readonly max: number
}

export function chart(results: readonly CellResult[]): string {
  let top = 0
  const panels = results.map((result) => {
    const bars = barsOf(result)
    const panel = drawPanel(result, bars, top)
    top += TITLE_HEIGHT + bars.length * ROW_HEIGHT
    return panel
  })
  const size = `width="${String(WIDTH)}" height="${String(top + 12)}"`
  const view = `viewBox="0 0 ${String(WIDTH)} ${String(top + 12)}"`
  const title = '<title>CPU microseconds for each request, by candidate; less is better</title>'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size} ${view}>`,
    `  ${title}`,
    `  <style>${STYLE}\n  </style>`,
    ...panels,
    '</svg>\n',
  ].join('\n')
}

function barsOf({ rows }: CellResult): Bar[] {
  return rows
    .flatMap((row) => (row.summary.cpuMicros ? [{ row, ...row.summary.cpuMicros }] : []))
    .toSorted((a, b) => a.median - b.median)
}

function drawPanel({ cell }: CellResult, bars: readonly Bar[], top: number): string {
  const bare = bars.find(({ row }) => row.candidate === 'bare')?.median
  const longest = Math.max(...bars.map(({ max }) => max))
  const shown = bare === undefined ? longest : Math.min(longest, bare * CUT_AT_BARE)
  const scale = (WIDTH - LABELS_WIDTH - NUMBERS_WIDTH) / shown
  const x = (micros: number) => LABELS_WIDTH + Math.min(micros, shown) * scale
  const first = top + TITLE_HEIGHT
  const title = `${cell.name}: CPU µs a request (× the bare node:http proxy)`
  const lines = [text(0, top + 26, 'title', title)]
  if (bare !== undefined) lines.push(vertical(x(bare), first, bars.length * ROW_HEIGHT))
  bars.forEach((bar, i) => {
    lines.push(...drawBar(bar, first + i * ROW_HEIGHT, x, bare, bar.median > shown))
  })
  return lines.map((part) => `  ${part}`).join('\n')
}

function drawBar(
  { row, median, min, max }: Bar,
  y: number,
  x: (micros: number) => number,
  bare: number | undefined,
  isCut: boolean,
): string[] {
  const own = row.candidate === 'gateway' ? 'own' : ''
  const width = (x(median) - LABELS_WIDTH).toFixed(1)
  const middle = y + BAR_HEIGHT / 2
  const times = bare === undefined ? '' : ` (${(median / bare).toFixed(2)})`
  const place = `x="${String(LABELS_WIDTH)}" y="${String(y)}"`
  const range = `x1="${x(min).toFixed(1)}" x2="${x(max).toFixed(1)}"`
  return [
    text(0, y + 12, own, row.candidate),
    `<rect class="bar ${own}" ${place} width="${width}" height="${String(BAR_HEIGHT)}"/>`,
    `<line class="range" ${range} y1="${String(middle)}" y2="${String(middle)}"/>`,
    text(x(max) + 8, y + 12, own, `${isCut ? '» ' : ''}${rounded(median)}${times}`),
  ]
}

function text(x: number, y: number, className: string, content: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${String(y)}" class="${className}">${escaped}</text>`
}

function vertical(x: number, y: number, length: number): string {
  const [from, to] = [y - 4, y + length]
  const place = `x1="${x.toFixed(1)}" x2="${x.toFixed(1)}"`
  return `<line class="bare" ${place} y1="${String(from)}" y2="${String(to)}"/>`
}
