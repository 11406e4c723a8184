import fs from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { createLogger } from '../../../gateway/record/logger.ts'

afterEach(() => {
  vi.useRealTimers()
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

describe('the line of a request', () => {
  const request = { request_id: 'id-1', decision: 'admitted', key: undefined, duration_ms: 2.5 }

  function logged(write: (logger: ReturnType<typeof createLogger>) => void, level = 'info') {
    const lines: string[] = []
    vi.spyOn(fs, 'writeSync').mockImplementation((_, text) => {
      lines.push(...text.trimEnd().split('\n'))
      return Buffer.byteLength(text)
    })
    write(createLogger(level, { fields: { worker: 2 } }))
    return Promise.resolve().then(() => lines)
  }

  it('has level, time and the fields of every line first, and its message last', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_123, toFake: ['Date'] })
    const lines = await logged((logger) => {
      logger.info(request, 'request')
      vi.setSystemTime(1_700_000_000_124)
      logger.info(request, 'request')
    })
    const [before, after] = ['{"level":"info","time":"2023-11-14T22:13:20.', 'Z","worker":2,']
    const rest = '"request_id":"id-1","decision":"admitted","duration_ms":2.5,"msg":"request"}'
    expect(lines).toEqual([`${before}123${after}${rest}`, `${before}124${after}${rest}`])
  })

  it('is written at the level in force', async () => {
    const lines = await logged((logger) => {
      logger.info(request, 'request')
      logger.level = 'info'
      logger.info({ ...request, request_id: 'id-2' }, 'request')
      logger.level = 'error'
      logger.info(request, 'request')
    }, 'warn')
    expect(lines.map((line) => (JSON.parse(line) as typeof request).request_id)).toEqual(['id-2'])
  })

  it('has level error for a failed one, and the error as any other line has it', async () => {
    const err = Object.assign(new Error('full'), { key: 'secret' })
    const [line = ''] = await logged((logger) => {
      logger.error({ ...request, err }, 'request')
    })
    expect(JSON.parse(line)).toMatchObject({
      ...{ level: 'error', worker: 2, request_id: 'id-1', msg: 'request' },
      err: { type: 'Error', message: 'full' },
    })
    expect(line).not.toContain('secret')
  })

  it('stays in its place among other lines', async () => {
    const lines = await logged((logger) => {
      logger.info({ line: 1 }, 'another')
      logger.info(request, 'request')
      logger.warn({ line: 3 }, 'another')
    })
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(messages).toEqual(['another', 'request', 'another'])
  })
})
