/**
 * Holding connections open (threat D14; Node CVE-2018-12121 and CVE-2018-12122): many clients, each with
 * a request that never ends, while an honest one wants to be served.
 */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import { expectQuiet, callBytes, startTarget, type Target } from '../support/attack.ts'
import { serveBeside } from '../support/good-client.ts'
import { open } from '../support/raw.ts'

const ATTACKERS = 150

const limits = {
  headersTimeout: '3s',
  bodyIdleTimeout: '1500ms',
  bodyTimeout: '2500ms',
  minBodyRate: '0B/s',
}

/** Opens connections that each send `first`, then `more` every 100 ms, until they are closed. */
async function besiege(target: Target, first: string, more: string | undefined): Promise<string[]> {
  const attackers = Array.from({ length: ATTACKERS }, async () => {
    const socket = await open(target.gateway.port)
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
    socket.write(first)
    const drip = setInterval(() => more !== undefined && socket.write(more), 100)
    await new Promise((resolve) => socket.once('end', resolve).once('close', resolve))
    clearInterval(drip)
    socket.destroy()
    return answer
  })
  return Promise.all(attackers)
}

function countOf(metrics: string, reason: string): number {
  const counts = metrics.matchAll(new RegExp(`reason="${reason}",code="\\d+"} (\\d+)`, 'g'))
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

const slowBody = (target: Target) =>
  callBytes('{', ['Content-Length: 4194304', `X-Inngest-Signature: ${target.sign('x')}`])

/** What a busy machine may take for longer than one of them allows, where another is what ends them. */
const FAR = '1m'
const headsMayWait = { headersTimeout: FAR }

const sieges: [string, string, object, (target: Target) => [string, string | undefined]][] = [
  ['connections that say nothing', 'headers_timeout', {}, () => ['', undefined]],
  [
    'heads that never end',
    'headers_timeout',
    {},
    () => ['POST / HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'],
  ],
  [
    'bodies that stop',
    'body_idle_timeout',
    { ...headsMayWait, bodyTimeout: FAR },
    (target) => [slowBody(target), undefined],
  ],
  [
    'bodies that drip',
    'body_timeout',
    { ...headsMayWait, bodyIdleTimeout: FAR },
    (target) => [slowBody(target), 'x'],
  ],
]

describe('a hundred and fifty slow senders', () => {
  it.each(sieges)(
    'end, with %s, as %s, and an honest one is served at the same time',
    async (name, reason, more, bytes) => {
      const target = await startTarget({ limits: { ...limits, ...more } })
      const beside = serveBeside(target)
      const answers = await besiege(target, ...bytes(target))
      const { served, asked, slowestMs } = await beside.stop()
      console.log(
        `${name}: honest calls ${String(served)} of ${String(asked)}, slowest ${slowestMs.toFixed(0)} ms`,
      )
      expect(asked).toBeGreaterThan(0)
      expect(served).toBe(asked)
      expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 408'))).toHaveLength(ATTACKERS)
      expect(countOf(await target.metrics(), reason)).toBe(ATTACKERS)
      expect(target.upstream.seen).toHaveLength(served)
      await expectQuiet(target)
    },
  )

  it('end below the least rate with body_too_slow', async () => {
    const target = await startTarget({ limits: { minBodyRate: '1000B/s' } })
    const socket = await open(target.gateway.port)
    socket.write(slowBody(target))
    const drip = setInterval(() => socket.write('xx'), 100)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    clearInterval(drip)
    socket.destroy()
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408/)
    expect(target.reasons()).toEqual(['body_too_slow'])
  })
})
