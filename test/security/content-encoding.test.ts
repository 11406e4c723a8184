/**
 * A compressed body (threat B15): what is verified is not what is used, and a bomb of a kilobyte
 * becomes a gigabyte in whoever unpacks it:
 *
 *   Content-Encoding: gzip\r\n        (body: 1f 8b 08 …, signed as it travels)
 */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget, freshBody } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'
import { send } from '../support/sender.ts'

/** These bodies are no function calls, which would be refused after the signature. */
const bodiesOnly = { checks: { runId: 'off' } }

describe('a Content-Encoding', () => {
  it.each(['gzip', 'br', 'identity', 'gzip, gzip', ''])(
    'is refused if it is %j',
    async (encoding) => {
      const target = await startTarget()
      const bytes = signedCall(target, [`Content-Encoding: ${encoding}`])
      expect(statusOf(await target.raw(bytes))).toBe(415)
      expect(target.reasons()).toEqual(['content_encoding_not_allowed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it('unpacks nothing if it is missing', async () => {
    const target = await startTarget(bodiesOnly)
    const packed = gzipSync(freshBody())
    const headers = { 'x-inngest-signature': target.sign(packed) }
    expect((await send({ port: target.gateway.port, headers, body: packed })).status).toBe(200)
    expect(target.upstream.seen[0]?.body).toBe(packed.toString('latin1'))
  })
})
