import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { FileWatch } from '../../../gateway/ranges/file-watch.ts'

let folder: string
let file: string
let calls: number
let watch: FileWatch
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'watch-'))
  file = path.join(folder, 'list')
  writeFileSync(file, '1')
  calls = 0
  watch = new FileWatch(file, () => (calls += 1))
  await watch.start()
  // From here on, only the test looks.
  watch.stop()
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

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
  it('calls at the start, and not for a file that stays as it is', async () => {
    expect(calls).toBe(1)
    expect(await looks(3)).toEqual([0, 0, 0])
  })

  it('calls once for a change, when a second look has found the same', async () => {
    writeFileSync(file, '12')
    expect(await looks(4)).toEqual([0, 1, 0, 0])
  })

  it('waits for as long as a file grows', async () => {
    for (let i = 0; i < 3; i += 1) {
      appendFileSync(file, '2')
      expect(await looks(1)).toEqual([0])
    }
    expect(await looks(2)).toEqual([1, 0])
  })

  it('calls for a file that goes, and that comes back', async () => {
    rmSync(file)
    expect(await looks(3)).toEqual([0, 1, 0])
    writeFileSync(file, '1')
    expect(await looks(3)).toEqual([0, 1, 0])
  })
})
