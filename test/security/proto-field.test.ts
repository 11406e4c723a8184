/**
 * A header whose name is special in JavaScript (threat D2, Node CVE-2026-21710, which ended the process):
 * no such name reaches an app, and none changes an object of the gateway's.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const fields = ['__proto__: x', 'constructor: y', 'toString: z', '__proto__: w']

describe('a field named __proto__', () => {
  it('does not reach the app of an Inngest route', async () => {
    const target = await startTarget()
    expect(statusOf(await target.raw(signedCall(target, fields)))).toBe(200)
    expect(target.upstream.bytes()).not.toContain('__proto__')
    expect(target.upstream.seen[0]?.fields['constructor']).toEqual(['y'])
  })

  it('does not reach the app of a passthrough route', async () => {
    const target = await startTarget((upstream) => ({
      routes: [{ name: 'app', policy: 'passthrough', upstream }],
    }))
    const head = ['GET / HTTP/1.1', 'Host: a', 'Connection: close', ...fields]
    expect(statusOf(await target.raw(`${head.join('\r\n')}\r\n\r\n`))).toBe(200)
    expect(target.upstream.bytes()).not.toContain('__proto__')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})
