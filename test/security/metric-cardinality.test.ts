/**
 * Growing the metrics (threat D25): each new label value is a new time series, so a sender who can
 * choose one fills the memory of the gateway and of whoever scrapes it:
 *
 *   AAAA /a1b2c3 HTTP/1.1\r\nHost: h1.example.com\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n        (and so on)
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget } from '../support/attack.ts'

describe('the labels of metrics', () => {
  it('do not follow what senders write', async () => {
    const target = await startTarget({ trustedProxies: ['127.0.0.1'] })
    const series = async () =>
      (await target.metrics()).split('\n').filter((line) => line.startsWith('inngest_')).length
    const round = async (i: number) => {
      const fields = [`X-Forwarded-For: 198.51.100.${String(i)}`, `X-Run-ID: run-${String(i)}`]
      const close = 'Connection: close'
      const path = `/api/inngest?fnId=f${String(i)}`
      await target.raw(callBytes('', [...fields, close], `GET /path-${String(i)} HTTP/1.1`))
      await target.raw(callBytes('', [...fields, close], `PROPFIND ${path} HTTP/1.1`))
      await target.raw(callBytes('', [...fields, close], `MKCOL ${path} HTTP/1.1`))
      await target.raw(signedCall(target, fields).replace('app.example', `app${String(i)}.example`))
    }
    await round(1)
    const before = await series()
    for (let i = 2; i < 20; i += 1) await round(i)
    expect(await series()).toBe(before)
    expect(await target.metrics()).not.toMatch(/198\.51|path-|run-\d|PROPFIND/)
  })
})
