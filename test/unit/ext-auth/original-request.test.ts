import { describe, expect, it } from 'vitest'

import type { ExternalAuthPolicy } from '../../../gateway/admit/policy.ts'
import { originalRequest } from '../../../gateway/ext-auth/original-request.ts'
import { headOf } from '../../support/head.ts'

const forwarded = { protocol: 'forward_auth', pathPrefix: '' } as const

function ask(policy: ExternalAuthPolicy, target: string, rawHeaders: string[], method = 'GET') {
  const verdict = originalRequest(headOf({ method, target, rawHeaders }), policy)
  if (!verdict.ok) return verdict.reason
  const { value } = verdict
  return [value.method, value.target, value.rawHeaders.join(' ')]
}

const traefik = ['X-Forwarded-Method', 'PUT', 'X-Forwarded-Host', 'app', 'X-Forwarded-Uri', '/a?b']

it('refuses CONNECT as an authorization request', () => {
  const policies: ExternalAuthPolicy[] = [forwarded, { protocol: 'ext_authz', pathPrefix: '' }]
  for (const policy of policies) {
    expect(ask(policy, '/a:1', traefik, 'CONNECT')).toBe('method_not_allowed')
  }
})

describe('originalRequest, forwarded', () => {
  it('takes method, host and target from the fields, whatever the question itself has', () => {
    const [method, target, fields] = ask(forwarded, '/ask', ['Host', 'gateway', ...traefik])
    expect([method, target]).toEqual(['PUT', '/a?b'])
    expect(fields).toMatch(/Host app$/)
    expect(fields).not.toContain('gateway')
  })

  it.each([0, 2, 4])('is unclear without field %i, or with two of it, or an empty one', (i) => {
    const others = traefik.filter((_, at) => at !== i && at !== i + 1)
    const [name = '', value = ''] = traefik.slice(i)
    expect(ask(forwarded, '/', others)).toBe('authorization_request_unclear')
    expect(ask(forwarded, '/', [...traefik, name, value])).toBe('authorization_request_unclear')
    expect(ask(forwarded, '/', [...others, name, ''])).toBe('authorization_request_unclear')
  })
})

describe('originalRequest, request', () => {
  const policy = { protocol: 'ext_authz', pathPrefix: '/ask' } as const

  it('is the question without the prefix of its path, and believes no field', () => {
    const fields = traefik.slice(0, 4)
    expect(ask(policy, '/ask/api/inngest?fnId=a', fields, 'POST')).toEqual([
      'POST',
      '/api/inngest?fnId=a',
      fields.join(' '),
    ])
  })

  it('is unclear if the fields say of another request that it is asked about', () => {
    expect(ask(policy, '/ask/', traefik)).toBe('authorization_request_unclear')
  })

  it.each(['/asked/api', '/ask', '/api/inngest', '/ask?/api'])('is unclear at %s', (target) => {
    expect(ask(policy, target, [])).toBe('authorization_request_unclear')
  })

  it('misses the rest of a body that Envoy cut off', () => {
    const partial = (value: string) => ask(policy, '/ask/a', ['X-Envoy-Auth-Partial-Body', value])
    expect(partial('true')).toBe('body_missing')
    expect(partial('false')).not.toBe('body_missing')
  })
})
