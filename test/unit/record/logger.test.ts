import fs from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { createLogger } from '../../../gateway/record/logger.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** What is written at once, of a hundred lines that are logged one right after the other. */
async function writesOf(isOutputShared: boolean): Promise<string[]> {
  const writes: string[] = []
  vi.spyOn(fs, 'writeSync').mockImplementation((_, text) => {
    writes.push(text)
    return Buffer.byteLength(text)
  })
  const logger = createLogger('info', { isOutputShared })
  for (let line = 0; line < 100; line += 1) logger.info({ line, filling: 'é'.repeat(100) }, 'line')
  await Promise.resolve()
  return writes
}

const mostOf = (writes: readonly string[]) =>
  Math.max(...writes.map((text) => Buffer.byteLength(text)))

describe('lines that are logged together', () => {
  it.each([
    { isOutputShared: true, most: 4096 },
    { isOutputShared: false, most: 16_384 },
  ])('are written whole, and at most $most bytes at once', async ({ isOutputShared, most }) => {
    const writes = await writesOf(isOutputShared)
    expect(mostOf(writes)).toBeLessThanOrEqual(most)
    expect(mostOf(writes)).toBeGreaterThan(most - 400)
    expect(writes.every((text) => text.endsWith('\n'))).toBe(true)
    const lines = writes.join('').trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(
      Array.from({ length: 100 }, (_, line) => line),
    )
  })
})

it('logs of an error what it says, and nothing that is on it', async () => {
  const write = vi.spyOn(fs, 'writeSync').mockReturnValue(1_000_000)
  createLogger('info').error({ err: Object.assign(new Error('full'), { key: 'secret' }) }, 'line')
  await Promise.resolve()
  const [[, text] = []] = write.mock.calls
  expect(JSON.parse(String(text))).toMatchObject({ err: { type: 'Error', message: 'full' } })
  expect(text).not.toContain('secret')
})
