/** What is kept of the published ranges: a vanished range for a while, the last good lists on disk. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { bundledText, startLists, type Lists } from '../support/test-keeper.ts'

const [a, b] = ['18.0.0.1', '18.0.0.2'] as const
const DAY = 86_400

let lists: Lists
beforeEach(async () => {
  lists = await startLists()
})
afterEach(() => lists.stop())

describe('a range that vanished', () => {
  it('is valid for as long as configured, to the second, and across a restart', async () => {
    lists.server.answer('/', `${a}\n${b}`)
    const settings = { keepVanishedSeconds: 100, stateFile: lists.stateFile }
    const kept = lists.keeperOf(['/'], settings)
    await kept.refresh()
    const lastSeen = kept.clock.seconds
    kept.clock.seconds = lastSeen + 50
    lists.server.answer('/', a)
    await kept.refresh()
    expect(kept.changes).toHaveLength(1)
    const again = lists.keeperOf(['/'], settings)
    for (const { clock, texts } of [kept, again]) {
      clock.seconds = lastSeen + 99
      expect(texts()).toEqual([a, b])
      clock.seconds = lastSeen + 100
      expect(texts()).toEqual([a])
    }
    await kept.refresh()
    expect(kept.changes.map(({ ranges }) => ranges.length)).toEqual([2, 1])
    expect(kept.logLines.at(-1)).toMatchObject({ added: 0, removed: 1, removed_ranges: [b] })
  })

  it('is also taken out between two rounds', async () => {
    lists.server.answer('/', `${a}\n${b}`)
    const change = Promise.withResolvers<number>()
    const kept = lists.keeperOf(['/'], {
      keepVanishedSeconds: 100,
      onChange: ({ ranges }) => {
        if (ranges.length === 1) change.resolve(ranges.length)
      },
    })
    await kept.refresh()
    lists.server.answer('/', a)
    kept.keeper.start()
    await kept.keeper.firstRoundDone
    await kept.refresh()
    kept.clock.seconds += 100
    expect(await change.promise).toBe(1)
  })

  it('is not kept longer by a clock that was ahead, in memory or on disk', async () => {
    lists.server.answer('/', `${a}\n${b}`)
    const settings = { keepVanishedSeconds: 100, stateFile: lists.stateFile }
    const kept = lists.keeperOf(['/'], settings)
    const now = kept.clock.seconds
    kept.clock.seconds = now + 1000 * DAY
    await kept.refresh()
    lists.server.answer('/', a)
    await kept.refresh()
    const again = lists.keeperOf(['/'], settings)
    kept.clock.seconds = now
    await kept.refresh()
    for (const { clock, texts } of [kept, again]) {
      clock.seconds = now
      expect(texts()).toEqual([a, b])
      clock.seconds = now + 100
      expect(texts()).toEqual([a])
    }
  })
})

describe('the state file', () => {
  it('is private, and made with its folder', async () => {
    lists.server.answer('/', a)
    await lists.keeperOf(['/'], { stateFile: lists.stateFile }).refresh()
    expect(statSync(lists.stateFile).mode & 0o777).toBe(0o600)
  })

  const poisons: [string, (good: string) => string][] = [
    ['damaged', (good) => good.slice(0, -10)],
    ['empty', () => ''],
    ['of another version', (good) => good.replace('"version": 1', '"version": 2')],
    ['with /0', (good) => good.replace(`"${a}"`, '"0.0.0.0/0"')],
    ['with half of all', (good) => good.replace(`"${a}"`, '"0.0.0.0/1", "128.0.0.0/1"')],
    ['with a private range', (good) => good.replace(`"${a}"`, '"10.1.0.0/16"')],
    ['with a private range that vanished', (good) => good.replace(`"range": "${b}"`, '"range": "10.1.0.0/16"')], // prettier-ignore
    ['with something unknown in it', (good) => good.replace('"version"', '"more": 1, "version"')],
  ]

  it.each(poisons)('is not used if %s, and is written anew', async (_, poison) => {
    lists.server.answer('/', `${a}\n${b}`)
    const settings = { keepVanishedSeconds: DAY, stateFile: lists.stateFile }
    const kept = lists.keeperOf(['/'], settings)
    await kept.refresh()
    lists.server.answer('/', a)
    await kept.refresh()
    const good = readFileSync(lists.stateFile, 'utf8')
    expect(lists.keeperOf(['/'], settings).texts()).toEqual([a, b])
    expect(poison(good)).not.toBe(good)
    writeFileSync(lists.stateFile, poison(good))
    const again = lists.keeperOf(['/'], settings)
    expect(again.texts()).toEqual([bundledText])
    expect(again.keeper.current.origin).toBe('bundled')
    expect(again.logLines).toMatchObject([{ level: 40, msg: 'state file ignored', state_file: lists.stateFile }]) // prettier-ignore
    await again.refresh()
    expect(lists.keeperOf(['/'], settings).texts()).toEqual([a])
  })

  it('gives nothing to a source that it does not know', async () => {
    lists.server.answer('/', a)
    await lists.keeperOf(['/'], { stateFile: lists.stateFile }).refresh()
    expect(lists.keeperOf(['/other'], { stateFile: lists.stateFile }).texts()).toEqual([
      bundledText,
    ])
  })

  it('is reported once if it cannot be written, and the ranges are used all the same', async () => {
    lists.server.answer('/', a)
    const kept = lists.keeperOf(['/'], { stateFile: lists.stateFile })
    writeFileSync(path.dirname(lists.stateFile), 'in the way')
    await kept.refresh()
    await kept.refresh()
    expect(kept.texts()).toEqual([a])
    expect(kept.messages().filter((msg) => String(msg).startsWith('state file'))).toEqual([
      'state file could not be written',
    ])
  })
})
