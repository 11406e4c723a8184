import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { FileWatch } from '../../../gateway/config/read/file-watch.ts'

let folder: string
let files: [string, string]
let calls: number
let watch: FileWatch
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'watch-'))
  files = [path.join(folder, 'a'), path.join(folder, 'b')]
  for (const file of files) writeFileSync(file, '1')
  calls = 0
  // Only the test looks.
  watch = new FileWatch(() => (calls += 1))
  await watch.follow(files, longAfterNow())
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** A reading that began when every file had long been as it is. */
function longAfterNow(): number {
  return Date.now() + 60_000
}

/** @returns how often it was called, each of so many looks. */
async function looks(count: number): Promise<number[]> {
  const called: number[] = []
  for (let i = 0; i < count; i += 1) {
    const before = calls
    await watch.look()
    called.push(calls - before)
  }
  return called
}

describe('FileWatch', () => {
  it('does not call for files that stay as they are', async () => {
    expect(await looks(3)).toEqual([0, 0, 0])
  })

  it('calls once for a change of any file, when a second look has found the same', async () => {
    writeFileSync(files[1], '12')
    expect(await looks(4)).toEqual([0, 1, 0, 0])
  })

  it('waits for as long as a file grows', async () => {
    for (let i = 0; i < 3; i += 1) {
      appendFileSync(files[0], '2')
      expect(await looks(1)).toEqual([0])
    }
    expect(await looks(2)).toEqual([1, 0])
  })

  it('calls for a file of the same length and time that was renamed into place', async () => {
    writeFileSync(`${files[0]}.new`, '2')
    utimesSync(`${files[0]}.new`, 1, 1)
    utimesSync(files[0], 1, 1)
    await watch.follow(files, longAfterNow())
    renameSync(`${files[0]}.new`, files[0])
    expect(await looks(3)).toEqual([0, 1, 0])
  })

  it('calls for a file that goes, and that comes back', async () => {
    rmSync(files[0])
    expect(await looks(3)).toEqual([0, 1, 0])
    writeFileSync(files[0], '1')
    expect(await looks(3)).toEqual([0, 1, 0])
  })

  it('calls for a file that changed while it was being read', async () => {
    const readAtMs = Date.now()
    writeFileSync(files[0], '2')
    await watch.follow(files, readAtMs)
    expect(await looks(3)).toEqual([0, 1, 0])
  })

  it('calls once for a file from the future, as after a clock that was put back', async () => {
    const longAgo = 0
    watch = new FileWatch(() => {
      calls += 1
      // As a reload does it.
      void watch.follow(files, longAgo)
    })
    await watch.follow(files, longAgo)
    const called = []
    for (let i = 0; i < 4; i += 1) {
      called.push(...(await looks(1)))
      await watch.follow(files, longAgo)
    }
    expect(called).toEqual([0, 1, 0, 0])
  })

  it('follows what was named last, however long the look at others takes', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => path.join(folder, String(i)))
    const slow = watch.follow(many, longAfterNow())
    await watch.follow(files, longAfterNow())
    await slow
    writeFileSync(files[1], '12')
    expect(await looks(3)).toEqual([0, 1, 0])
  })

  it('forgets the files that are followed no longer', async () => {
    await watch.follow([files[0]], longAfterNow())
    writeFileSync(files[1], '12')
    expect(await looks(3)).toEqual([0, 0, 0])
  })

  it('calls for a file that matches a pattern when it comes and when it goes', async () => {
    await watch.follow(files, longAfterNow(), [path.join(folder, '*.yaml')])
    expect(await looks(2)).toEqual([0, 0])
    writeFileSync(path.join(folder, 'c.yaml'), '1')
    expect(await looks(3)).toEqual([0, 1, 0])
    rmSync(path.join(folder, 'c.yaml'))
    expect(await looks(3)).toEqual([0, 1, 0])
  })

  it('does not call for a file beside a pattern', async () => {
    await watch.follow(files, longAfterNow(), [path.join(folder, '*.yaml')])
    writeFileSync(path.join(folder, 'c.txt'), '1')
    expect(await looks(3)).toEqual([0, 0, 0])
  })

  it('calls for a file that came while those of its pattern were being read', async () => {
    const readAtMs = Date.now()
    writeFileSync(path.join(folder, 'c.yaml'), '1')
    await watch.follow(files, readAtMs, [path.join(folder, '*.yaml')])
    expect(await looks(3)).toEqual([0, 1, 0])
  })

  it('calls when the folder of a pattern appears', async () => {
    await watch.follow(files, longAfterNow(), [path.join(folder, 'conf.d', '*.yaml')])
    expect(await looks(2)).toEqual([0, 0])
    mkdirSync(path.join(folder, 'conf.d'))
    expect(await looks(3)).toEqual([0, 1, 0])
  })
})
