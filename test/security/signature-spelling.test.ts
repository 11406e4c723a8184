/**
 * One signature in many spellings (threats B3, B4, C1): SDKs parse the header as a query string, so one
 * signature has any number of texts, and a replay cache keyed by the text takes each for a new one. Only
 * one spelling is accepted here, and the claim is keyed by the MAC.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const spellings: [string, (t: string, s: string) => string][] = [
  ['upper-case hex', (t, s) => `t=${t}&s=${s.toUpperCase()}`],
  ['the other order', (t, s) => `s=${s}&t=${t}`],
  ['one more parameter', (t, s) => `t=${t}&s=${s}&x=1`],
  ['a parameter before', (t, s) => `x=1&t=${t}&s=${s}`],
  ['a percent-encoded digit', (t, s) => `t=${t}&s=%${s.charCodeAt(0).toString(16)}${s.slice(1)}`],
  ['a question mark', (t, s) => `?t=${t}&s=${s}`],
  ['t twice', (t, s) => `t=${t}&t=${t}&s=${s}`],
  ['s twice', (t, s) => `t=${t}&s=${s}&s=${s}`],
  ['a semicolon', (t, s) => `t=${t};s=${s}`],
  ['a comma', (t, s) => `t=${t},s=${s}`],
  ['space inside', (t, s) => `t=${t} & s=${s}`],
  ['63 digits', (t, s) => `t=${t}&s=${s.slice(1)}`],
  ['65 digits', (t, s) => `t=${t}&s=${s}0`],
  ['a letter that is no hex', (t, s) => `t=${t}&s=${s.slice(0, 62)}zz`],
  ['no t', (_, s) => `s=${s}`],
  ['no s', (t) => `t=${t}`],
  ['an empty s', (t) => `t=${t}&s=`],
]

describe('a signature in another spelling', () => {
  it.each(spellings)('is malformed with %s', async (_, spell) => {
    const target = await startTarget()
    const body = freshBody()
    const [t = '', s = ''] = target.sign(body).slice(2).split('&s=')
    const fields = [`Content-Length: ${String(body.length)}`, 'Connection: close']
    const signature = `X-Inngest-Signature: ${spell(t, s)}`
    expect(statusOf(await target.raw(callBytes(body, [...fields, signature])))).toBe(401)
    expect(target.reasons()).toEqual(['signature_malformed'])
    expect(target.upstream.bytes()).toBe('')
  })

  it('is claimed for every target if it was used once', async () => {
    const target = await startTarget()
    const body = freshBody()
    const signature = `X-Inngest-Signature: ${target.sign(body)}`
    const fields = [`Content-Length: ${String(body.length)}`, 'Connection: close']
    const lines = ['/api/inngest?fnId=f', '/api/inngest?fnId=g', '/api/inngest?probe=trust']
    const statuses = []
    for (const line of lines) {
      const spelt = signature.replace('X-Inngest', `x-${line.length % 2 ? 'INNGEST' : 'inngest'}`)
      const bytes = callBytes(body, [...fields, spelt], `POST ${line} HTTP/1.1`)
      statuses.push(statusOf(await target.raw(bytes)))
    }
    expect(statuses).toEqual([200, 409, 409])
    expect(target.upstream.seen).toHaveLength(1)
  })
})
