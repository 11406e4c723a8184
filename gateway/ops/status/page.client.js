/**
 * Refreshes the page, and filters the requests. All data from the gateway is inserted as text: nothing here makes
 * markup from a string.
 */
const POLL_MS = 3000
const BAR_HEIGHT = 40
/** Number of rows that are shown at first, and that each click adds. */
const PAGE_ROWS = 25
const SVG = 'http://www.w3.org/2000/svg'

const byId = (id) => document.getElementById(id)
const pause = byId('pause')
const filter = byId('filter')
const more = byId('more')
/** From a row element to its data. */
const made = new WeakMap()
let isPaused = false
let mostRows = PAGE_ROWS

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function createSpan(className, text, tone = '') {
  const span = document.createElement('span')
  span.className = className
  if (className === 'main') span.dataset.tone = tone
  span.textContent = text
  return span
}

function createShare(share) {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'share')
  svg.setAttribute('viewBox', '0 0 100 1')
  svg.setAttribute('preserveAspectRatio', 'none')
  svg.setAttribute('aria-hidden', 'true')
  for (const [className, width] of [
    ['whole', 100],
    ['part', Math.round(Math.min(1, share) * 100)],
  ]) {
    const rect = document.createElementNS(SVG, 'rect')
    rect.setAttribute('width', String(width))
    rect.setAttribute('height', '1')
    rect.setAttribute('class', className)
    svg.append(rect)
  }
  return svg
}

function contentsOf({ text, sub, tone, share }) {
  return [
    createSpan('main', text, tone),
    ...(sub === undefined ? [] : [createSpan('sub', sub)]),
    ...(share === undefined ? [] : [createShare(share)]),
  ]
}

function createRow(row, columns) {
  const tr = document.createElement('tr')
  tr.setAttribute('role', 'row')
  tr.dataset.key = row.key
  tr.dataset.kind = row.kind ?? ''
  for (const [i, cell] of row.cells.entries()) {
    const element = document.createElement(i === 0 ? 'th' : 'td')
    element.setAttribute('role', i === 0 ? 'rowheader' : 'cell')
    if (i === 0) element.scope = 'row'
    element.dataset.label = columns[i].textContent.trim()
    element.dataset.align = columns[i].dataset.align
    element.append(...contentsOf(cell))
    tr.append(element)
  }
  return tr
}

/** The elements of unchanged rows are kept, so that a selection in them is kept, too. */
function updateTable(tbody, rows) {
  const columns = tbody.parentElement.tHead.rows[0].cells
  const before = new Map(Array.from(tbody.rows, (tr) => [tr.dataset.key, tr]))
  let next = tbody.rows[0]
  for (const row of rows) {
    const source = JSON.stringify(row)
    let tr = before.get(row.key)
    if (tr === undefined || made.get(tr) !== source) {
      const fresh = createRow(row, columns)
      made.set(fresh, source)
      if (tr === next && tr !== undefined) next = tr.nextElementSibling
      tr?.remove()
      tr = fresh
    }
    if (tr === next) next = tr.nextElementSibling
    else tbody.insertBefore(tr, next ?? null)
  }
  while (next) {
    const gone = next
    next = gone.nextElementSibling
    gone.remove()
  }
}

function update({ texts, tables, bars }) {
  for (const element of document.querySelectorAll('[data-text]')) {
    const { text, tone = '' } = texts[element.dataset.text]
    setText(element, text)
    if ('tone' in element.dataset) element.dataset.tone = tone
  }
  for (const element of document.querySelectorAll('[data-cell]')) {
    const cell = texts[element.dataset.cell]
    const source = JSON.stringify(cell)
    if (made.get(element) === source) continue
    made.set(element, source)
    element.replaceChildren(...contentsOf(cell))
  }
  for (const tbody of document.querySelectorAll('[data-table]')) {
    updateTable(tbody, tables[tbody.dataset.table])
  }
  for (const group of document.querySelectorAll('[data-bars]')) {
    for (const [i, height] of bars[group.dataset.bars].entries()) {
      group.children[i].setAttribute('y', String(BAR_HEIGHT - height))
      group.children[i].setAttribute('height', String(height))
    }
  }
  applyFilter()
}

function searched(text) {
  return text.replaceAll('\u00a0', ' ').toLowerCase()
}

function applyFilter() {
  const text = searched(byId('text').value.trim())
  const kind = byId('kind').value
  const rows = Array.from(document.querySelector('[data-table="requests"]').rows)
  const matches = rows.filter((tr) => {
    const isOfKind = kind === '' || tr.dataset.kind === kind
    return isOfKind && searched(tr.textContent).includes(text)
  })
  const shown = new Set(matches.slice(0, mostRows))
  for (const tr of rows) tr.hidden = !shown.has(tr)
  setText(byId('shown'), `${shown.size} of ${matches.length} shown`)
  more.hidden = shown.size === matches.length
}

async function poll() {
  if (isPaused || document.hidden) return
  try {
    const response = await fetch('status.json', { cache: 'no-store' })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    update((await response.json()).view)
    setText(byId('trouble'), '')
  } catch (error) {
    setText(
      byId('trouble'),
      `These numbers are old: the gateway cannot be asked (${error.message}).`,
    )
  }
}

async function pollForever() {
  await poll()
  setTimeout(pollForever, POLL_MS)
}

pause.addEventListener('click', () => {
  isPaused = !isPaused
  setText(pause, isPaused ? 'Resume updates' : 'Pause updates')
  void poll()
})
document.addEventListener('visibilitychange', () => void poll())
more.addEventListener('click', () => {
  mostRows += PAGE_ROWS
  applyFilter()
})
filter.addEventListener('input', () => {
  mostRows = PAGE_ROWS
  applyFilter()
})
filter.addEventListener('submit', (event) => event.preventDefault())
pause.hidden = false
filter.hidden = false
applyFilter()
void pollForever()
