/** Long bodies that are verified in their canonical form are brought into it beside the event loop. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import type * as canonicalPool from '../../gateway/threads/canonical-pool.ts'
import { startBehind } from '../support/app-behind-gateway.ts'
import { gauge } from '../support/attack.ts'
import { open } from '../support/raw.ts'
import { send, signatureHeader, type Answer } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'
import {
  fails,
  failsAtTimes,
  neverAnswers,
  worksFromWhenThereIs,
} from '../support/worker-program.ts'

interface Hooks {
  options: Partial<canonicalPool.PoolOptions>
  pool: canonicalPool.CanonicalPool | undefined
  /** How many bodies have come to the pool. */
  come: number
}

const hooks = vi.hoisted((): Hooks => ({ options: {}, pool: undefined, come: 0 }))

vi.mock('../../gateway/threads/canonical-pool.ts', async (original) => {
  const actual: typeof canonicalPool = await original()
  class HookedPool extends actual.CanonicalPool {
    constructor() {
      super({ threads: 1, ...hooks.options })
      hooks.pool = this
    }

    override canonicalize(...job: Parameters<canonicalPool.CanonicalPool['canonicalize']>) {
      hooks.come += 1
      return super.canonicalize(...job)
    }
  }
  return { ...actual, CanonicalPool: HookedPool }
})

beforeEach(() => {
  hooks.options = {}
  hooks.come = 0
})

const MIB = 1_048_576
let serial = 0

/** A call in its canonical form, and as a hop may have written it anew. */
function longCall(bytes = 4 * MIB) {
  serial += 1
  const call = (numbers: string, space: string) =>
    `{"ctx":${space}{"request_id":"long-${String(serial)}","run_id":"run"},"steps":[${numbers}"é"],"version":1}`
  const count = bytes / 6
  return { signed: call('100000,'.repeat(count), ''), sent: call('1e5,  '.repeat(count), ' ') }
}

function post(gateway: TestGateway, sent: string, signed = sent): Promise<Answer> {
  const nowSeconds = Math.floor(gateway.clock.wallMs / 1000)
  const headers = { 'x-inngest-signature': signatureHeader(testKey, signed, nowSeconds) }
  return send({ port: gateway.port, headers, body: sent })
}

function shortCall(gateway: TestGateway): Promise<Answer> {
  serial += 1
  return post(gateway, `{"ctx":{"request_id":"short-${String(serial)}","run_id":"run"}}`)
}

/** Bodies that no key signed, and that do not end before the test does. */
const forged = (start = '') => `${start}${' '.repeat(MIB)}`

/** For as long as a test takes. */
const holds = { program: neverAnswers, jobTimeoutMs: 60_000 }

const reasons = (gateway: TestGateway) => gateway.logLines.map((line) => line['reason'])

describe('a long call that a hop has written anew', () => {
  it('is admitted, and sent on as it was signed', async () => {
    const bodies: string[] = []
    const gateway = await startBehind((_request, response, body) => {
      bodies.push(body)
      response.end('done')
    })
    const { signed, sent } = longCall()
    expect(await post(gateway, sent, signed)).toMatchObject({ status: 200, body: 'done' })
    expect(Buffer.from(bodies[0] ?? '', 'latin1').toString() === signed).toBe(true)
    expect(gateway.logLines.at(-1)).toMatchObject({ diagnosis: 'healed' })
  })

  it('lets short calls by while it is verified, and so do others', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'canonical-pool-')), 'go-on')
    hooks.options = { program: worksFromWhenThereIs(file), jobTimeoutMs: 60_000 }
    const gateway = await startBehind((_request, response) => response.end('done'))
    const ends: string[] = []
    const noteEnd = (name: string, answer: Promise<Answer>) =>
      answer.then(({ status }) => ends.push(`${name} ${String(status)}`))
    const long = Array.from({ length: 3 }, () => {
      const { signed, sent } = longCall()
      return noteEnd('long', post(gateway, sent, signed))
    })
    await expect.poll(() => hooks.come, { interval: 1 }).toBe(3)
    await noteEnd('short', shortCall(gateway))
    writeFileSync(file, '')
    await Promise.all(long)
    rmSync(path.dirname(file), { recursive: true })
    expect(ends).toEqual(['short 200', 'long 200', 'long 200', 'long 200'])
  })
})

describe('beyond what may wait for a thread', () => {
  it('refuses a long body with Retry-After, and no other', async () => {
    hooks.options = { ...holds, maxWaiting: 1 }
    const gateway = await startBehind((_request, response) => response.end('done'))
    const held = [1, 2].map(() => post(gateway, forged(), 'x'))
    await expect.poll(() => hooks.pool?.waiting).toBe(1)
    const { status, headers } = await post(gateway, forged(), 'x')
    expect([status, headers['retry-after']]).toEqual([503, '5'])
    expect(reasons(gateway)).toEqual(['canonicalization_full'])
    expect((await shortCall(gateway)).status).toBe(200)
    const signedAsItCame = longCall().signed
    expect((await post(gateway, signedAsItCame)).status).toBe(200)
    expect((await post(gateway, ' {"ctx":{"run_id":"r"}}', '{"ctx":{"run_id":"r"}}')).status).toBe(
      200,
    )
    // Nothing is kept of a request that is refused.
    expect(gauge(await gateway.metricsText(), 'requests_in_flight')).toBe(2)
    await hooks.pool?.close()
    expect((await Promise.all(held)).map(({ status: late }) => late)).toEqual([500, 500])
  })

  it('lets a call that is signed as it came wait for its turn', async () => {
    hooks.options = { ...holds, maxWaiting: 1 }
    const gateway = await startBehind((_request, response) => response.end('done'))
    const held = [1, 2].map(() => post(gateway, forged(), 'x'))
    await expect.poll(() => hooks.pool?.waiting).toBe(1)
    const unusual = Array.from({ length: 20 }, () => post(gateway, longCall(MIB).sent))
    await expect.poll(() => hooks.pool?.waiting).toBe(21)
    expect(reasons(gateway)).toEqual([])
    await hooks.pool?.close()
    expect((await Promise.all([...held, ...unusual])).map(({ status }) => status)).not.toContain(
      503,
    )
  })

  it('is only noted where the signature is not enforced', async () => {
    hooks.options = { ...holds, maxWaiting: 0 }
    const gateway = await startBehind((_request, response) => response.end('done'), {
      checks: { signature: 'report' },
    })
    const held = post(gateway, forged(), 'x')
    await expect.poll(() => hooks.come).toBe(1)
    expect((await post(gateway, forged(), 'x')).status).toBe(200)
    expect(gateway.logLines.at(-1)).toMatchObject({ report_only: ['canonicalization_full'] })
    await hooks.pool?.close()
    expect((await held).status).toBe(500)
  })
})

describe('a sender that leaves', () => {
  it('makes room for the next', async () => {
    hooks.options = holds
    const gateway = await startBehind((_request, response) => response.end('done'))
    const held = post(gateway, forged(), 'x')
    // It has the thread, and the one that leaves is the one that waits.
    await expect.poll(() => hooks.come).toBe(1)
    const socket = await open(gateway.port)
    const body = forged()
    const signature = signatureHeader(testKey, 'x', Math.floor(gateway.clock.wallMs / 1000))
    socket.write(
      `POST /api/inngest HTTP/1.1\r\nHost: a\r\nContent-Length: ${String(body.length)}\r\nX-Inngest-Signature: ${signature}\r\n\r\n${body}`,
    )
    await expect.poll(() => hooks.pool?.waiting).toBe(1)
    // An end alone may be a client that waits for its response (RFC 9112 9.6).
    socket.resetAndDestroy()
    await expect.poll(() => hooks.pool?.waiting).toBe(0)
    await expect.poll(() => reasons(gateway)).toEqual(['downstream_closed'])
    await hooks.pool?.close()
    expect((await held).status).toBe(500)
  })
})

describe('a thread', () => {
  it.each(Object.entries(fails))(
    'is replaced after it fails by %s, and the gateway continues',
    async (_, start) => {
      hooks.options = { program: failsAtTimes, jobTimeoutMs: start === fails.hang ? 4000 : 60_000 }
      const gateway = await startBehind((_request, response) => response.end('done'))
      const failing = post(gateway, forged(start), 'x')
      const { signed, sent } = longCall(MIB)
      const waiting = post(gateway, sent, signed)
      expect((await shortCall(gateway)).status).toBe(200)
      expect((await failing).status).toBe(500)
      expect((await waiting).status).toBe(200)
      expect(reasons(gateway)).toContain('internal')
    },
  )
})

describe('a gateway that stops', () => {
  it('waits for what is being verified, then ends the threads', async () => {
    const gateway = await startTestGateway('http://127.0.0.1:1')
    const { sent } = longCall()
    const answer = post(gateway, sent, 'x')
    await expect.poll(() => hooks.come, { interval: 1 }).toBe(1)
    await gateway.stop()
    expect((await answer).status).toBe(401)
    const job = hooks.pool?.canonicalize(Buffer.from(sent), new AbortController().signal)
    await expect(job).rejects.toThrow('closed')
  })

  it('does not wait longer than it may, whatever a thread does', async () => {
    hooks.options = { program: neverAnswers }
    const gateway = await startTestGateway('http://127.0.0.1:1', {
      shutdown: { drainTimeout: '100ms' },
    })
    const answer = post(gateway, forged(), 'x').catch(() => 'cut')
    await expect.poll(() => hooks.come).toBe(1)
    await gateway.stop()
    expect(await answer).toBe('cut')
  })
})
