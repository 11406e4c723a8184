/** The imports of the source as they are, held against rooms.js, which the linter and the docs follow. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { rooms } from '../../../rooms.js'

const files = ['gateway', 'conformance'].flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.posix.join(top, file)),
)

/** Type imports too, which are gone when the program runs and still have to be understood together. */
function importsOf(file: string): string[] {
  const specifiers = readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)
  return [...specifiers].map(([, specifier = '']) =>
    path.posix.join(path.posix.dirname(file), specifier),
  )
}

const graph = new Map(files.map((file) => [file, importsOf(file)]))

function roomOf(file: string): string {
  if (file.startsWith('conformance/')) return 'conformance'
  const [first = '', second = '', third] = file.split('/').slice(1)
  if (second === '') return first.replace('.ts', '')
  return third !== undefined && `${first}/${second}` in rooms ? `${first}/${second}` : first
}

/** One circle of imports, if there is any. */
function findCycle(): string[] {
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return []
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...way, file])
      if (cycle.length > 0) return cycle
    }
    done.add(file)
    return []
  }
  for (const file of files) {
    const cycle = visit(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}

describe('rooms.js', () => {
  it('names every room, and no other', () => {
    expect(Object.keys(rooms).toSorted()).toEqual([...new Set(files.map(roomOf))].toSorted())
  })

  it.each(Object.entries(rooms))('says what %s imports, and no more', (room, { imports }) => {
    const found = files
      .filter((file) => roomOf(file) === room)
      .flatMap((file) => graph.get(file) ?? [])
      .map(roomOf)
      .filter((other) => other !== room)
    expect([...new Set(found)].toSorted()).toEqual([...imports].toSorted())
  })
})

describe('the imports of the source', () => {
  it('have no cycle, of types neither', () => {
    expect(findCycle()).toEqual([])
  })
})
