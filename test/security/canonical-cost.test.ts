/**
 * Holding up every request with one body (threat D23): a client that the allowlist admits can have ten
 * megabytes brought into canonical form without a key. The cost per byte is bounded here, whatever the
 * shape of the JSON, and long bodies are left to threads.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import * as canonicalJson from '../../gateway/inngest/jcs/canonical-json.ts'
import type * as canonicalPool from '../../gateway/threads/canonical-pool.ts'
import { CanonicalThread } from '../../gateway/threads/canonical-thread.ts'
import { callBytes, expectQuiet, signedCall, startTarget, type Target } from '../support/attack.ts'
import { serveBeside } from '../support/good-client.ts'
import { runProgram } from '../support/program.ts'
import { statusOf } from '../support/raw.ts'

/** How long each body was that came into canonical form on the event loop. */
const inlineBytes = vi.hoisted((): number[] => [])
vi.mock('../../gateway/inngest/jcs/canonical-json.ts', async (original) => {
  const actual: typeof canonicalJson = await original()
  const canonicalizeJson = (body: Uint8Array) => {
    inlineBytes.push(body.byteLength)
    return actual.canonicalizeJson(body)
  }
  return { ...actual, canonicalizeJson }
})

/** What is tried is who waits meanwhile, and not how long a thread takes. */
vi.mock('../../gateway/threads/canonical-pool.ts', async (original) => {
  const actual: typeof canonicalPool = await original()
  class PatientPool extends actual.CanonicalPool {
    constructor() {
      super({ jobTimeoutMs: 60_000 })
    }
  }
  return { ...actual, CanonicalPool: PatientPool }
})

const inThreads = vi.spyOn(CanonicalThread.prototype, 'run')
const isThreadAtWork = () => inThreads.mock.settledResults.some(({ type }) => type === 'incomplete')

beforeEach(() => {
  inlineBytes.length = 0
  inThreads.mockClear()
})

const MIB = 1_048_576
/** Somewhat under the longest body by default. */
const SIZE = 10 * MIB - 1024

const listOf = (element: string) => `[${element.repeat(SIZE / element.length - 1)}0]`
const names = () => Array.from({ length: 1_000_000 }, (_, i) => `"${(999_999 - i).toString(36)}":0`)
const nested = (open: string, close: string) =>
  `${open.repeat(199)}"${'€'.repeat(SIZE / 3 - 2000)}"${close.repeat(199)}`

const attacks: [string, () => string][] = [
  ['deep nesting around a long string', () => nested('[0,', ']')],
  ['members out of order at every level', () => nested('{"b":', ',"a":0}')],
  ['a million names out of order', () => `{${names().join()}}`],
  [
    'names with much in common',
    () =>
      `{${names()
        .slice(0, 9000)
        .map((name) => `"${'x'.repeat(1100)}${name.slice(1)}`)
        .join()}}`,
  ],
  ['empty strings', () => listOf('"",')],
  ['small objects', () => listOf('{"":0},')],
  ['small objects out of order', () => listOf('{"b":0,"a":0},')],
  ['numbers that become longer', () => listOf('1e20,')],
]

function sendForged(target: Target, body: string): Promise<string> {
  const bytes = Buffer.from(body)
  const signature = `X-Inngest-Signature: ${target.sign('x')}`
  const head = callBytes('', [
    `Content-Length: ${String(bytes.length)}`,
    signature,
    'Connection: close',
  ])
  return target.raw([head, bytes], { from: '127.0.0.6', waitMs: 60_000 })
}

/** In a process of its own: what others leave behind, and when it is collected, would count here. */
function peakOfCanonicalizing(body: string): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'canonical-cost-'))
  const file = path.join(folder, 'body.json')
  writeFileSync(file, body)
  const { said } = runProgram(process.execPath, ['test/support/canonicalize-file.ts', file])
  rmSync(folder, { recursive: true })
  return Number(said)
}

describe('a body made to be costly', () => {
  it.each(attacks)(
    'holds up no other request, of %s',
    async (_, make) => {
      const target = await startTarget()
      const body = make()
      expect(Buffer.byteLength(body)).toBeGreaterThan(8 * MIB)
      const beside = serveBeside(target, '127.0.0.5')
      const answers = Promise.all([1, 2, 3].map(() => sendForged(target, body)))
      await expect.poll(isThreadAtWork, { interval: 1 }).toBe(true)
      expect(statusOf(await target.raw(signedCall(target), { from: '127.0.0.5' }))).toBe(200)
      expect((await answers).map(statusOf)).toEqual([401, 401, 401])
      const { asked, served, slowestMs } = await beside.stop()
      console.log(
        `honest ${String(served)} of ${String(asked)}, slowest ${slowestMs.toFixed(0)} ms`,
      )
      expect(served).toBe(asked)
      expect(inThreads).toHaveBeenCalledTimes(3)
      expect(Math.max(0, ...inlineBytes)).toBeLessThanOrEqual(canonicalJson.maxInlineBytes)
      await expectQuiet(target)
    },
    90_000,
  )

  it.each(attacks)('takes little more than its own length, of %s', (_, make) => {
    const grown = peakOfCanonicalizing(make())
    console.log(`${String(Math.round(grown / MIB))} MiB`)
    expect(grown).toBeGreaterThan(MIB)
    // The form itself, of numbers five times as long as the body, and once more to put in order.
    expect(grown).toBeLessThan(100 * MIB)
  })
})
