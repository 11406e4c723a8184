/** Ranges from a file: a ConfigMap as the kubelet swaps it, and files that are no good. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { bundledText, startLists, testKeeper, type Lists } from '../support/test-keeper.ts'
import type { RangeKeeperOptions } from '../../gateway/ranges/refresher.ts'

const [a, b, c] = ['18.0.0.1', '18.0.0.2', '18.0.0.3'] as const

let lists: Lists
let file: string
beforeEach(async () => {
  lists = await startLists()
  file = path.join(lists.folder, 'list')
})
afterEach(() => lists.stop())

/** The next look at the file is awaited with `looked`. */
function fileKeeper(settings: Partial<RangeKeeperOptions> = {}) {
  const results: string[] = []
  let wake: (() => void) | undefined
  const kept = testKeeper({
    source: { kind: 'file', file },
    onRefresh: (source, result) => {
      expect(source).toBe(`file:${file}`)
      results.push(result)
      wake?.()
    },
    ...settings,
  })
  lists.stopLater(() => kept.keeper.stop())
  const looked = async () => {
    if (results.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return results.shift()
  }
  return { ...kept, looked }
}

/** As the kubelet does it: ..data is swapped, the file itself stays the same link. */
function swapConfigMap(version: number, text: string): void {
  const versionFolder = path.join(lists.folder, `..${String(version)}`)
  mkdirSync(versionFolder)
  writeFileSync(path.join(versionFolder, 'list'), text)
  symlinkSync(versionFolder, path.join(lists.folder, '..data_tmp'))
  renameSync(path.join(lists.folder, '..data_tmp'), path.join(lists.folder, '..data'))
}

describe('a list in a file', () => {
  it('is read at once, and again when the links of its ConfigMap are swapped', async () => {
    swapConfigMap(1, `${a}\n${b}`)
    symlinkSync('..data/list', file)
    const kept = fileKeeper()
    kept.keeper.start()
    expect(await kept.looked()).toBe('success')
    expect(kept.texts()).toEqual([a, b])
    expect(kept.keeper.current).toMatchObject({
      origin: 'file',
      sources: [
        {
          source: `file:${file}`,
          ranges: [{ text: a }, { text: b }],
          fetchedAtSeconds: kept.clock.seconds,
        },
      ],
    })
    swapConfigMap(2, `${a}\n${c}`)
    expect(await kept.looked()).toBe('success')
    expect(kept.texts()).toEqual([a, c])
    swapConfigMap(3, `${a}\n${c}\n10.0.0.0/16`)
    expect(await kept.looked()).toBe('special_purpose')
    expect(kept.texts()).toEqual([a, c])
    expect(kept.keeper.current.origin).toBe('kept')
    swapConfigMap(4, `${c}\n${a}\n${b}`)
    expect(await kept.looked()).toBe('success')
    expect(kept.texts()).toEqual([a, b, c])
  })

  it.each([
    ['is gone', 'unreachable', undefined],
    ['is empty', 'empty', ''],
    ['is half a list', 'shrunk', a],
    ['names everybody', 'too_wide', '0.0.0.0/0'],
    ['is one byte too long', 'too_large', a.padEnd(65_537)],
  ])(
    'is, if it %s, %s: keeping the last good list, also by the next process',
    async (_, result, text) => {
      writeFileSync(file, `${a}\n${b}\n${c}`)
      const settings = { stateFile: lists.stateFile }
      const kept = fileKeeper(settings)
      await kept.refresh()
      if (text === undefined) rmSync(file)
      else writeFileSync(file, text)
      await kept.refresh()
      expect([await kept.looked(), await kept.looked()]).toEqual(['success', result])
      expect(kept.texts()).toEqual([a, b, c])
      expect(kept.logLines.at(-1)).toMatchObject({ problem: result })
      const again = fileKeeper(settings)
      await again.refresh()
      expect(await again.looked()).toBe(result)
      expect(again.texts()).toEqual([a, b, c])
    },
  )

  it('is none if it was never good: the bundled ranges are used until it is', async () => {
    mkdirSync(file)
    const kept = fileKeeper()
    await kept.refresh()
    expect(await kept.looked()).toBe('unreachable')
    expect(kept.texts()).toEqual([bundledText])
    rmSync(file, { recursive: true })
    writeFileSync(file, a.padEnd(65_536))
    await kept.refresh()
    expect(await kept.looked()).toBe('success')
    expect(kept.texts()).toEqual([a])
  })

  it('keeps what was removed from it until it was last read', async () => {
    writeFileSync(file, `${a}\n${b}`)
    const kept = fileKeeper({ keepVanishedSeconds: 100 })
    await kept.refresh()
    kept.clock.seconds += 1000
    writeFileSync(file, a)
    await kept.refresh()
    kept.clock.seconds += 99
    expect(kept.texts()).toEqual([a, b])
    kept.clock.seconds += 1
    expect(kept.texts()).toEqual([a])
  })
})
