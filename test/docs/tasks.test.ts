/** Each task of tasks.yaml has a way of at most two clicks from the README to the section that solves it. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'

import { anchorOf, linksOf } from '../support/documents.ts'

interface Task {
  readonly task: string
  readonly clicks: readonly string[]
  readonly finds: string
  readonly pending?: true
}

const tasks = parse(readFileSync('test/docs/tasks.yaml', 'utf8')) as readonly Task[]
const pending = tasks.filter((one) => one.pending)
const ready = tasks.filter((one) => !one.pending)

const pageOf = (click: string) => click.split('#')[0] ?? ''

/** Pages that the links of a page lead to. */
function linkedFrom(page: string): string[] {
  return linksOf(page).map((target) => path.join(path.dirname(page), pageOf(target)))
}

/** A heading with what follows it, up to the next heading of its rank; without an anchor, the whole page. */
function sectionAt(click: string): string {
  const text = readFileSync(pageOf(click), 'utf8')
  const [, anchor] = click.split('#')
  if (anchor === undefined) return text
  const heading = [...text.matchAll(/^(#+) (.+)$/gm)].find(
    ([, , title = '']) => anchorOf(title) === anchor,
  )
  if (heading === undefined) throw new Error(`${click}: there is no such section`)
  const [line, marks = ''] = heading
  const rest = text.slice(heading.index + line.length)
  const end = rest.search(new RegExp(`^#{1,${String(marks.length)}} `, 'm'))
  return end === -1 ? rest : rest.slice(0, end)
}

describe('the tasks of readers', () => {
  it('number at least ten', () => {
    expect(ready.length).toBeGreaterThanOrEqual(10)
  })

  it.each(ready)('leads from the README to what solves: $task', ({ clicks, finds }) => {
    expect([1, 2]).toContain(clicks.length)
    const from = ['README.md', ...clicks.map(pageOf)]
    for (const [i, click] of clicks.entries()) {
      expect(linkedFrom(from[i] ?? ''), `${String(from[i])} links to it`).toContain(pageOf(click))
    }
    expect(sectionAt(clicks.at(-1) ?? '').replaceAll(/\s+/g, ' ')).toContain(finds)
  })

  it.each(pending)('has no page yet, or is no longer pending: $task', ({ clicks }) => {
    expect(existsSync(pageOf(clicks.at(-1) ?? ''))).toBe(false)
  })
})
