/** The log line of a request, which is written without pino, against the line that pino makes of the same fields. */
import fs from 'node:fs'

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { logFieldMeanings } from '../../gateway/record/log-field-meanings.ts'
import { createLogger } from '../../gateway/record/logger.ts'
import { fuzz } from '../support/fuzz.ts'

let written = ''

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.spyOn(fs, 'writeSync').mockImplementation((_, text) => {
    written += text
    return Buffer.byteLength(text)
  })
})

afterAll(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const single = createLogger('info')
const worker = createLogger('info', { fields: { worker: 3, none: undefined, 'a "name"': 'é\n' } })

async function lineOf(logger: typeof single, fields: object, message: string): Promise<string> {
  written = ''
  logger.info(fields, message)
  await Promise.resolve()
  return written
}

/** As long as `request`: pino writes it, and but for it the lines have to be alike. */
const OTHER_MESSAGE = 'reqvest'

const hostile = [
  ...Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code)),
  ...[
    '"',
    '\\',
    '\\"',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\uffff',
    '😀',
    '\ud800',
    '\udfff',
    '</script>',
  ],
]

/** Up to Node 24, pino leaves lone surrogates unescaped in texts of at most 100 characters. */
const isEscaped = (text: string) => text.isWellFormed() || text.length > 100

const text = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...hostile), maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...hostile), minLength: 90, maxLength: 220 }),
    fc.string({ unit: 'binary' }),
    fc.string(),
  )
  .filter(isEscaped)

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1e21, 5e-324, 12.35),
)

const value = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 3, arbitrary: number },
  fc.constantFrom(undefined, null, true, false),
  fc.array(fc.oneof(text, fc.constant(undefined)), { maxLength: 4 }),
  fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
)

const name = fc.constantFrom(
  ...Object.keys(logFieldMeanings),
  ...['"', '\\', 'é', '\n', '\u2028', '7', '0', 'msg', 'time', 'level', 'worker', 'x'.repeat(120)],
)

const fields = fc
  .uniqueArray(fc.tuple(name, value), { minLength: 1, maxLength: 40, selector: ([key]) => key })
  .map((entries): object => Object.fromEntries([...entries, ['decision', 'admitted']]))

describe('the log line of a request', () => {
  it.each([
    ['one process', single],
    ['a worker', worker],
  ])('is what pino makes of the same fields, whatever they hold: %s', async (_name, logger) => {
    const time = fc.integer({ min: 0, max: 8.64e15 })
    await fc.assert(
      fc.asyncProperty(fields, time, async (candidate, nowMs) => {
        vi.setSystemTime(nowMs)
        const pinos = await lineOf(logger, candidate, OTHER_MESSAGE)
        const end = `,"msg":"${OTHER_MESSAGE}"}\n`
        expect(pinos.endsWith(end)).toBe(true)
        const expected = `${pinos.slice(0, -end.length)},"msg":"request"}\n`
        expect(await lineOf(logger, candidate, 'request')).toBe(expected)
      }),
      fuzz(0.5),
    )
  })

  it('loses no lone surrogate, however short the text is', async () => {
    const path = '/\ud800"'
    const line = await lineOf(single, { decision: 'refused', path }, 'request')
    expect(line).toContain(String.raw`"path":"/\ud800\""`)
    expect(JSON.parse(line)).toMatchObject({ path })
  })
})
