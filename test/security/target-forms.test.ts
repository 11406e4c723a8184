/**
 * Another path than the one that was checked (threats D6, D7; Envoy CVE-2019-9901 and CVE-2021-32779, Traefik
 * CVE-2025-32431 and CVE-2025-66490, oauth2-proxy CVE-2025-54576): a proxy matches one spelling of a
 * target, and the app serves another. Here only the exact bytes of a route's path match, and the same
 * bytes are forwarded.
 */
import { describe, expect, it } from 'vitest'

import { freshBody, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const malformed = [
  'http://evil/api/inngest',
  'https://app.example.com/api/inngest',
  '*',
  'api/inngest',
  '/api/inngest#fragment',
  '/api/inngest?a#b',
  '/api/inngest\x7f',
  '/api/inngest\xe9',
]

const elsewhere = [
  '//evil/api/inngest',
  '///api/inngest',
  '//api/inngest',
  '/api/inngest/',
  '/api/inngest%00',
  '/api/inngest%2f',
  '/api%2finngest',
  '/api%5cinngest',
  '/api\\inngest',
  '/api/./inngest',
  '/x/../api/inngest',
  '/x/..;/api/inngest',
  '/api;a=b/inngest',
  '/api/%69nngest',
  '/API/INNGEST',
  '/admin?/api/inngest',
  '/admin?x=/api/inngest',
  '/%2e%2e/api/inngest',
]

describe('a target in another spelling', () => {
  it.each(malformed)('%j is refused as no plain path', async (spelling) => {
    const target = await startTarget()
    const bytes = signedCall(target).replace('/api/inngest?fnId=f&stepId=step', spelling)
    expect(statusOf(await target.raw(bytes))).toBe(400)
    expect(target.reasons()[0]).toMatch(/^request_(?:malformed|unparsable)$/)
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(elsewhere)('%j is no route', async (spelling) => {
    const target = await startTarget()
    const bytes = signedCall(target).replace('/api/inngest?fnId=f&stepId=step', spelling)
    expect(statusOf(await target.raw(bytes))).toBe(404)
    expect(target.reasons()).toEqual(['route_not_found'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['', '?', '?fnId=%2e%2e/', '?a=b?c', '?fnId=a&stepId=%00', '?a=[b]|{}"<>^`'])(
    'is forwarded byte for byte with the query %j',
    async (query) => {
      const target = await startTarget()
      const bytes = signedCall(target, [], freshBody()).replace('?fnId=f&stepId=step', query)
      expect(statusOf(await target.raw(bytes))).toBe(200)
      expect(target.upstream.seen[0]?.line).toBe(`POST /api/inngest${query} HTTP/1.1`)
    },
  )
})
