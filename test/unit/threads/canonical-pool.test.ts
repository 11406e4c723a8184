import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'

import { maxInlineBytes } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { CanonicalPool, type PoolOptions } from '../../../gateway/threads/canonical-pool.ts'
import { fails, failsAtTimes, neverAnswers, workerProgram } from '../../support/worker-program.ts'

const pools: CanonicalPool[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

function startPool(options: Partial<PoolOptions> = {}): CanonicalPool {
  const pool = new CanonicalPool({ threads: 1, ...options })
  pools.push(pool)
  return pool
}

const long = (start = '') => Buffer.from(`${start}${'['.repeat(maxInlineBytes)}`)
const unread = (bytes = maxInlineBytes + 1) => Buffer.alloc(bytes, ' ')
const array = (length: number) => Buffer.from(`[ ${'1.0, '.repeat(length)}"é" ]`)

async function ask(
  pool: CanonicalPool,
  body: Uint8Array,
  { signal } = new AbortController(),
): Promise<string | undefined> {
  const verdict = await pool.canonicalize(body, signal)
  if (!verdict.ok) return verdict.reason
  return verdict.value && Buffer.from(verdict.value).toString()
}

const outcome = (answer: Promise<unknown>) =>
  answer.then(String, (error: unknown) => (error instanceof Error ? error.message : String(error)))

describe('the pool', () => {
  it.each([10, maxInlineBytes, 1_000_000])('canonicalises %i elements', async (length) => {
    expect(await ask(startPool(), array(length))).toBe(`[${'1,'.repeat(length)}"é"]`)
  })

  it.each([maxInlineBytes, maxInlineBytes + 1])('says of %i bytes that are none', async (bytes) => {
    expect(await ask(startPool(), unread(bytes))).toBeUndefined()
  })

  it('leaves the body as it was', async () => {
    const body = array(maxInlineBytes)
    const before = Buffer.from(body)
    await ask(startPool(), body)
    expect(body.equals(before)).toBe(true)
  })

  it('starts no thread for what is short', async () => {
    const pool = startPool({ program: neverAnswers })
    expect(await ask(pool, unread(maxInlineBytes))).toBeUndefined()
  })

  it('gives each its own answer, in the order in which they came', async () => {
    const pool = startPool({ threads: 2 })
    const lengths = Array.from({ length: 20 }, (_, i) => maxInlineBytes + i)
    const ends: number[] = []
    const answers = lengths.map(async (length) => {
      const text = await ask(pool, array(length))
      ends.push(length)
      expect(text?.length).toBe(2 * length + 5)
    })
    await Promise.all(answers)
    expect([...ends].sort((a, b) => a - b)).toEqual(lengths)
    expect(pool.waiting).toBe(0)
  })

  it('knows nothing of the environment, which holds keys', async () => {
    const program = workerProgram('answer(Buffer.from(JSON.stringify(process.env)))')
    expect(process.env['PATH']).toBeDefined()
    expect(await ask(startPool({ program }), unread())).toBe('{}')
  })

  it('lets a process end that does not close it', () => {
    const module = new URL('../../../gateway/threads/canonical-pool.ts', import.meta.url).href
    const script = `
      import { CanonicalPool } from '${module}'
      const body = Buffer.alloc(${String(maxInlineBytes + 1)}, ' ').fill('1', 0, 1)
      const { value } = await new CanonicalPool().canonicalize(body, new AbortController().signal)
      console.log(Buffer.from(value).toString())`
    const args = ['--input-type=module', '--eval', script]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, '1\n'])
  })
})

describe('what waits', () => {
  it('is bounded in number', async () => {
    const pool = startPool({ program: neverAnswers, maxWaiting: 2 })
    const held = [1, 2, 3].map(() => outcome(ask(pool, unread())))
    expect(await ask(pool, unread())).toBe('canonicalization_full')
    expect(pool.waiting).toBe(2)
    // What is short does not wait.
    expect(await ask(pool, array(1))).toBe('[1,"é"]')
    await pool.close()
    expect(await Promise.all(held)).not.toContain('canonicalization_full')
  })

  it.each([
    [0, 'waits'],
    [1, 'canonicalization_full'],
  ])('is bounded in bytes: %i too many', async (surplus, expected) => {
    const room = 3 * maxInlineBytes
    const pool = startPool({ program: neverAnswers, maxWaitingBytes: room })
    // The one in the thread does not count, however long.
    const held = [outcome(ask(pool, unread(2 * room))), outcome(ask(pool, unread()))]
    const last = outcome(ask(pool, unread(room - maxInlineBytes - 1 + surplus)))
    expect(pool.waiting).toBe(surplus === 0 ? 2 : 1)
    if (expected !== 'waits') expect(await last).toBe(expected)
    await pool.close()
    await Promise.all([...held, last])
  })

  it('has room however many verified bodies wait, and they have room however many others do', async () => {
    const pool = startPool({
      program: neverAnswers,
      maxWaiting: 1,
      maxWaitingBytes: maxInlineBytes + 1,
    })
    const { signal } = new AbortController()
    const verified = () => outcome(pool.canonicalize(unread(), signal, { isVerified: true }))
    const held = [outcome(ask(pool, unread())), outcome(ask(pool, unread()))]
    expect(await ask(pool, unread())).toBe('canonicalization_full')
    for (let i = 0; i < 100; i += 1) held.push(verified())
    expect(pool.waiting).toBe(101)
    await pool.close()
    expect(new Set((await Promise.all(held)).slice(1))).toEqual(
      new Set(['canonicalization pool closed']),
    )
  })

  it('takes turns with verified bodies', async () => {
    const pool = startPool({ program: workerProgram('answer(body.subarray(0, 2))') })
    const { signal } = new AbortController()
    const order: string[] = []
    const put = async (name: string, isVerified: boolean) => {
      await pool.canonicalize(Buffer.from(name.padEnd(maxInlineBytes + 1)), signal, { isVerified })
      order.push(name)
    }
    const jobs = [put('0', false)]
    for (const name of ['a', 'b', 'c', 'd']) jobs.push(put(name, false))
    for (const name of ['V', 'W']) jobs.push(put(name, true))
    await Promise.all(jobs)
    expect(order).toEqual(['0', 'V', 'a', 'W', 'b', 'c', 'd'])
    expect(pool.waiting).toBe(0)
  })

  it('is taken out when nobody wants it any more, and makes room', async () => {
    const pool = startPool({ program: neverAnswers, maxWaiting: 1 })
    const leaving = new AbortController()
    const held = [outcome(ask(pool, unread())), outcome(ask(pool, unread(), leaving))]
    expect(await ask(pool, unread())).toBe('canonicalization_full')
    leaving.abort()
    expect(await held[1]).toContain('aborted')
    expect(pool.waiting).toBe(0)
    const next = outcome(ask(pool, unread()))
    expect(pool.waiting).toBe(1)
    await pool.close()
    expect(await next).toBe('canonicalization pool closed')
  })
})

describe('a thread', () => {
  it.each([
    [fails.exit, 'canonicalization thread exited with code 3 during a job'],
    [fails.throw, 'thrown in a thread'],
    [fails.hang, 'canonicalization thread timed out'],
  ])('fails that job only if it fails at %s', async (start, message) => {
    const jobTimeoutMs = start === fails.hang ? 4000 : 60_000
    const pool = startPool({ program: failsAtTimes, jobTimeoutMs })
    const failing = outcome(ask(pool, long(start)))
    const waiting = ask(pool, array(maxInlineBytes))
    expect(await failing).toBe(message)
    expect((await waiting)?.length).toBe(2 * maxInlineBytes + 5)
    expect(await ask(pool, long())).toBeUndefined()
  })

  it('fails the job if it cannot be started', async () => {
    const pool = startPool({ program: new URL('none.ts', import.meta.url) })
    expect(await outcome(ask(pool, unread()))).toContain('none.ts')
    expect(await outcome(ask(pool, unread()))).toContain('none.ts')
  })

  it('ends when it has nothing to do, and another is started for the next job', async () => {
    const program = workerProgram(
      'answer(Buffer.from(String(globalThis.jobs = (globalThis.jobs ?? 0) + 1)))',
    )
    const lasting = startPool({ program })
    expect([await ask(lasting, unread()), await ask(lasting, unread())]).toEqual(['1', '2'])
    const brief = startPool({ program, idleMs: 1 })
    expect(await ask(brief, unread())).toBe('1')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await ask(brief, unread())).toBe('1')
  })

  it.each(['process.exit(1)', "throw new Error('late')"])(
    'is replaced for the next if it fails without a job, by %s',
    async (failure) => {
      const program = workerProgram(
        `answer(body.subarray(0, 1)); setTimeout(() => { ${failure} }, 50)`,
      )
      const pool = startPool({ program })
      expect(await ask(pool, unread())).toBe(' ')
      // The failure of the first thread may come as late as in the middle of the next job.
      await new Promise((resolve) => setTimeout(resolve, 200))
      await expect.poll(() => outcome(ask(pool, unread())), { interval: 200 }).toBe(' ')
    },
  )

  it('is ended in the middle when the pool is closed, which takes nothing more', async () => {
    const pool = startPool({ program: failsAtTimes })
    const held = [outcome(ask(pool, long(fails.hang))), outcome(ask(pool, unread()))]
    await pool.close()
    const [running, waiting] = await Promise.all(held)
    expect(running).toMatch(/^canonicalization thread exited with code \d during a job$/)
    expect(waiting).toBe('canonicalization pool closed')
    expect(await outcome(ask(pool, unread()))).toBe('canonicalization pool closed')
  })
})
