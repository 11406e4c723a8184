import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { PublishedList } from '../../../gateway/ranges/published-list.ts'
import { parseRangeList } from '../../../gateway/ranges/range-list.ts'
import { readState, writeState } from '../../../gateway/ranges/state-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'state-'))
  file = path.join(folder, 'deep', 'er', 'ranges.json')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function rangesOf(text: string) {
  const reading = parseRangeList(text)
  if (!reading.ok) throw new Error(reading.problem)
  return reading.ranges
}

const list: PublishedList = {
  fetchedAtSeconds: 1_800_000_000,
  published: rangesOf('198.212.45.0/24\n2607:E3C0::/32'),
  vanished: rangesOf('18.0.0.1\n18.0.0.2').map((range, i) => ({ range, lastSeenSeconds: i })),
}
const lists = new Map([
  ['https://www.inngest.com/ips-v4', list],
  ['file:/etc/ranges', { ...list, vanished: [] }],
])

function readText(text: string) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
  return readState(file)
}

const stored = (change: object) => ({
  source: 's',
  fetchedAtSeconds: 1,
  published: ['18.0.0.1'],
  vanished: [],
  ...change,
})
const whyNot = (state: unknown) => {
  const reading = readText(JSON.stringify(state))
  return reading.ok ? 'read' : reading.why
}

describe('the state file', () => {
  it('gives back what was written', async () => {
    expect(await writeState(file, lists)).toEqual({ ok: true })
    expect(readState(file)).toEqual({ ok: true, lists })
  })

  it('is private, and nothing else is left in its folder', async () => {
    await writeState(file, lists)
    chmodSync(file, 0o644)
    await writeState(file, lists)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(path.dirname(file))).toEqual(['ranges.json'])
  })

  it('takes the place of a link, and does not write to where that leads', async () => {
    mkdirSync(path.dirname(file), { recursive: true })
    const other = path.join(folder, 'other')
    writeFileSync(other, 'precious')
    symlinkSync(other, file)
    await writeState(file, lists)
    expect(readFileSync(other, 'utf8')).toBe('precious')
    expect(readState(file).ok).toBe(true)
  })

  it('holds nothing if it is not there', () => {
    expect(readState(file)).toEqual({ ok: true, lists: new Map() })
  })

  it('is reported if it cannot be written, and the old one stays whole', async () => {
    mkdirSync(path.join(file, 'in the way'), { recursive: true })
    expect(await writeState(file, lists)).toMatchObject({ ok: false })
    expect(readdirSync(path.dirname(file))).toEqual(['ranges.json'])
    expect(await writeState('/dev/null/ranges.json', lists)).toMatchObject({ ok: false })
  })

  it('is not read if it is no file, or too long', () => {
    expect(readState('/dev/null')).toMatchObject({
      ok: false,
      why: 'not a state file of this gateway',
    })
    expect(readText(' '.repeat(4_194_305))).toMatchObject({
      ok: false,
      why: 'not a state file of this gateway',
    })
  })

  it.each([
    ['what is no list', []],
    ['another version', { version: 2, lists: [] }],
    ['no version', { lists: [] }],
    ['something unknown', { version: 1, lists: [], more: 1 }],
    ['something unknown in a list', { version: 1, lists: [stored({ more: 1 })] }],
    ['no ranges', { version: 1, lists: [stored({ published: [] })] }],
    ['a time before 1970', { version: 1, lists: [stored({ fetchedAtSeconds: -1 })] }],
    ['everybody', { version: 1, lists: [stored({ published: ['0.0.0.0/0'] })] }],
    ['halves', { version: 1, lists: [stored({ published: ['0.0.0.0/1', '128.0.0.0/1'] })] }],
    ['a private range', { version: 1, lists: [stored({ published: ['18.0.0.1', '10.0.0.1'] })] }],
    ['two ranges in one', { version: 1, lists: [stored({ published: ['18.0.0.1\n18.0.0.2'] })] }],
    ['1001 ranges', { version: 1, lists: [stored({ published: Array(1001).fill('18.0.0.1') })] }],
    [
      'a private range that vanished',
      { version: 1, lists: [stored({ vanished: [{ range: '10.0.0.1', lastSeenSeconds: 1 }] })] },
    ],
    [
      'one good and one bad list',
      { version: 1, lists: [stored({}), stored({ published: ['x'] })] },
    ],
  ])('is ignored with %s', (_, state) => {
    expect(whyNot(state)).not.toBe('read')
  })

  it('is read if it is good by this table', () => {
    expect(whyNot({ version: 1, lists: [stored({})] })).toBe('read')
  })

  it('never throws whatever it holds, and says why on one printable line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const reading = readText(text)
        if (!reading.ok) expect(reading.why).toMatch(/^[\x20-\x7e]{1,200}$/)
      }),
    )
  })
})
