/** Elements of the page that a view fills, at first and on refresh: texts, tables, bars. */
import { html, type Html } from './html.ts'
import { BAR_HEIGHT, type Cell, type Row, type View } from './view.ts'

/** Text of one line; a second line is omitted. */
export function textOf(view: View, name: string): Html {
  const cell = view.texts[name] ?? { text: '' }
  return html`<span data-text="${name}" data-tone="${cell.tone ?? ''}">${cell.text}</span>`
}

/** A paragraph that is hidden while it is empty. */
export function noteOf(view: View, name: string): Html {
  return html`<p class="note" data-text="${name}">${view.texts[name]?.text ?? ''}</p>`
}

/** A name with its value and a note. */
export function factOf(view: View, name: string, label: string): Html {
  return html`<div class="fact">
    <dt>${label}</dt>
    <dd data-cell="${name}">${contentsOf(view.texts[name] ?? { text: '' })}</dd>
  </div>`
}

export interface TableOptions {
  readonly caption: string
  readonly headings: readonly string[]
  /** Columns of numbers, which are right-aligned. */
  readonly numeric?: readonly number[]
  readonly className?: string
}

/** Roles are explicit, because a table with another layout on a phone would lose them. */
export function tableOf(view: View, name: string, options: TableOptions): Html {
  const { caption, headings, numeric = [], className = '' } = options
  const columns = headings.map((heading, i) => {
    return html`<th
      role="columnheader"
      scope="col"
      data-align="${numeric.includes(i) ? 'end' : ''}"
    >
      ${heading}
    </th>`
  })
  const rows = (view.tables[name] ?? []).map((row) => rowOf(row, headings, numeric))
  return html`<table role="table" class="${className}">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns}
      </tr>
    </thead>
    <tbody role="rowgroup" data-table="${name}">
      ${rows}
    </tbody>
  </table>`
}

function rowOf(row: Row, headings: readonly string[], numeric: readonly number[]): Html {
  const cells = row.cells.map((cell, i) => {
    const align = numeric.includes(i) ? 'end' : ''
    const label = headings[i] ?? ''
    const inner = contentsOf(cell)
    return i === 0
      ? html`<th role="rowheader" scope="row" data-label="${label}" data-align="${align}">
          ${inner}
        </th>`
      : html`<td role="cell" data-label="${label}" data-align="${align}">${inner}</td>`
  })
  return html`<tr role="row" data-key="${row.key}" data-kind="${row.kind ?? ''}">
    ${cells}
  </tr>`
}

function contentsOf({ text, sub, tone, share }: Cell): Html {
  const main = html`<span class="main" data-tone="${tone ?? ''}">${text}</span>`
  const second = sub === undefined ? undefined : html`<span class="sub">${sub}</span>`
  const bar =
    share === undefined
      ? undefined
      : html`<svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
          <rect width="100" height="1" class="whole" />
          <rect width="${Math.round(Math.min(1, share) * 100)}" height="1" class="part" />
        </svg>`
  return html`${main}${second}${bar}`
}

const STEP = 10

/** A bar for each minute. A text has the same information, so for a screen reader it is one image. */
export function chartOf(view: View, name: string, label: string): Html {
  const heights = view.bars[name] ?? []
  const bars = heights.map((height, i) => {
    return html`<rect
      x="${i * STEP + 1}"
      y="${BAR_HEIGHT - height}"
      width="${STEP - 2}"
      height="${height}"
    />`
  })
  return html`<svg
    class="bars"
    role="img"
    aria-label="${label}"
    viewBox="0 0 ${heights.length * STEP} ${BAR_HEIGHT}"
    preserveAspectRatio="none"
  >
    <g data-bars="${name}">${bars}</g>
  </svg>`
}
