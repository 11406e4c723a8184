/** What a flood of forged bodies makes the diagnosis do, counted where the work is done. */
import { randomBytes } from 'node:crypto'

import { beforeEach, describe, expect, it, vi } from 'vitest'

import { DiagnosisBudget } from '../../../gateway/diagnosis/budget.ts'
import { diagnoseMismatch } from '../../../gateway/diagnosis/mismatch.ts'
import { canonicalizeJson } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { computeMac } from '../../../gateway/inngest/mac.ts'
import { SigningKey } from '../../../gateway/inngest/signing-key.ts'
import { recordedRequests } from '../../support/recorded.ts'

vi.mock('../../../gateway/inngest/mac.ts', { spy: true })
vi.mock('../../../gateway/inngest/jcs/canonical-json.ts', { spy: true })

const keys = ['signkey-test-abc', 'def'].flatMap((text) => SigningKey.parse('env:KEY', text) ?? [])
const burstBytes = 8_388_608

function workedBytes(): number {
  const maced = vi.mocked(computeMac).mock.calls.map(([, body]) => body.byteLength)
  const canonicalized = vi.mocked(canonicalizeJson).mock.calls.map(([body]) => body.byteLength)
  return [...maced, ...canonicalized].reduce((sum, bytes) => sum + bytes, 0)
}

function diagnose(body: Uint8Array, budget: DiagnosisBudget, nowMs: number): string {
  const credentials = { timestampSeconds: 1_700_000_000, mac: randomBytes(32) }
  const evidence = { method: 'POST', body, credentials, keys, otherKeys: keys }
  return diagnoseMismatch(evidence, budget, nowMs).kind
}

const call = Buffer.from(recordedRequests[1]?.body ?? '')
/** Everything that any undoing finds work in. */
const laborious = Buffer.from('{"a":"&lt;%41\\u0026Ã©+","a":1}\r\n'.repeat(1000))

beforeEach(() => {
  vi.clearAllMocks()
})

describe('ten thousand forged bodies', () => {
  it.each([
    ['of a call', call, 'other_environment'],
    ['of 36 KB made to be undone', laborious, 'unknown'],
    ['of 4 MB', Buffer.alloc(4_000_000, '['), 'not_diagnosed'],
    ['of no length', Buffer.alloc(0), 'other_environment'],
  ])('%s at one moment get no more work than the burst', (_, body, first) => {
    const budget = new DiagnosisBudget()
    const kinds = Array.from({ length: 10_000 }, () => diagnose(body, budget, 0))
    expect(kinds[0]).toBe(first)
    expect(kinds.at(-1)).toBe('not_diagnosed')
    expect(workedBytes()).toBeLessThanOrEqual(burstBytes)
  })

  it('get the burst and ten seconds’ worth over ten seconds', () => {
    const budget = new DiagnosisBudget()
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1) diagnose(laborious, budget, nowMs)
    expect(workedBytes()).toBeLessThanOrEqual(burstBytes + 10 * 2_097_152)
    expect(workedBytes()).toBeGreaterThan(burstBytes)
  })

  it('leave some diagnosed to the end, even with one each millisecond for ten seconds', () => {
    const budget = new DiagnosisBudget()
    const kinds = Array.from({ length: 10_000 }, (_, nowMs) => diagnose(call, budget, nowMs))
    const late = kinds.slice(-2000)
    expect(late.filter((kind) => kind !== 'not_diagnosed').length).toBeGreaterThan(100)
  })
})

describe('one body', () => {
  it('is looked at in a bounded number of passes, however it is made', () => {
    const budget = new DiagnosisBudget({ burstBytes: 1e12 })
    const long = Buffer.concat([laborious, laborious]).subarray(0, 65_536)
    diagnose(long, budget, 0)
    expect(vi.mocked(canonicalizeJson).mock.calls.length).toBeLessThanOrEqual(12)
    expect(vi.mocked(computeMac).mock.calls.length).toBeLessThanOrEqual(40)
    expect(workedBytes()).toBeLessThan(50 * 65_536)
  })
})
