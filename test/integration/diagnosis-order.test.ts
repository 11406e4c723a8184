/** A diagnosis is made when the answer is out, and holds on to nothing while the app works. */
import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { Facts } from '../../gateway/admit/facts.ts'
import { startBehind } from '../support/app-behind-gateway.ts'
import { send } from '../support/sender.ts'

const order: string[] = []
const seen: Facts[] = []
beforeEach(() => {
  order.length = 0
  seen.length = 0
})

vi.mock(import('../../gateway/exchange/error-response.ts'), async (original) => {
  const real = await original()
  const sendRefusal: typeof real.sendRefusal = (...args) => {
    order.push('answer')
    return real.sendRefusal(...args)
  }
  return { ...real, sendRefusal }
})

vi.mock(import('../../gateway/diagnosis/diagnose.ts'), async (original) => {
  const real = await original()
  const diagnose: typeof real.diagnose = (head, facts, ...args) => {
    order.push('diagnosis')
    seen.push(facts)
    return real.diagnose(head, facts, ...args)
  }
  return { ...real, diagnose }
})

const forged = (nowMs: number) => ({
  'x-inngest-signature': `t=${String(Math.floor(nowMs / 1000))}&s=${'0'.repeat(64)}`,
})

describe('a diagnosis', () => {
  it('is made after the answer, so that its time tells the sender nothing', async () => {
    const gateway = await startBehind((_request, response) => response.end())
    const headers = forged(gateway.clock.wallMs)
    expect((await send({ port: gateway.port, body: '{}', headers })).status).toBe(401)
    expect(order).toEqual(['answer', 'diagnosis'])
    expect(seen[0]?.evidence).toBe(undefined)
  })

  it('lets go of the body while the app works', async () => {
    const working = Promise.withResolvers<() => void>()
    const gateway = await startBehind(
      (_request, response) => {
        working.resolve(() => response.end('done'))
      },
      { checks: { signature: 'report' } },
    )
    const headers = forged(gateway.clock.wallMs)
    const answer = send({ port: gateway.port, body: '{}', headers })
    const finish = await working.promise
    await expect.poll(() => seen).toHaveLength(1)
    expect(seen[0]?.reportOnly).toEqual(['signature_mismatch'])
    expect(seen[0]?.evidence).toBe(undefined)
    finish()
    expect((await answer).body).toBe('done')
  })
})
