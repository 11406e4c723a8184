/**
 * The SecurityPolicy and the ClientTrafficPolicy of the Envoy Gateway example. Envoy sends only the headers
 * that they name, so the rest must not matter to the gateway, nor reach the app.
 */
// @module-tag kubernetes
import { globSync, readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { fieldsToRemove } from '../../gateway/forward/header-filter.ts'
import { earlyRequestHeaders, extAuth } from '../support/envoy-gateway.ts'
import { build, ofKind, podOf } from '../support/kustomize.ts'
import { readInPod } from '../support/pod-config.ts'

const { remove, removeOnMatch } = earlyRequestHeaders
const companion = build('examples/envoy-gateway')
const reading = readInPod(podOf(companion, 'inngest-gateway'), ofKind(companion, 'ConfigMap'))

describe('the SecurityPolicy', () => {
  it('sends every header that the gateway reads, unless Envoy removes it', () => {
    const read = [
      ...namesIn('gateway/admit/**/*.ts', /fieldValues\([\w.]+, '([a-z-]+)'\)/g),
      ...namesIn('gateway/admit/**/*.ts', /'(x-inngest-[a-z-]+|x-run-id)'/g),
      ...namesIn('gateway/record/*.ts', /'(traceparent|user-agent|x-request-id)'/g),
    ]
    const sent = extAuth.headersToExtAuth.map((name) => name.toLowerCase())
    // Envoy always sends these, or they belong to its own connection.
    const ofEnvoy = [
      'host',
      'content-length',
      'connection',
      'transfer-encoding',
      'expect',
      'upgrade',
    ]
    // Read in responses of the app, which Envoy gets itself.
    const ofResponses = ['location', 'x-inngest-sdk']
    expect(read.length).toBeGreaterThan(8)
    const unseen = [...new Set(read)].filter(
      (name) => ![...sent, ...ofEnvoy, ...ofResponses].includes(name),
    )
    expect(unseen.filter((name) => !isRemoved(name))).toEqual([])
  })

  it('sends bodies as long as the gateway accepts, and never forwards unauthorized requests', () => {
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    const { config } = reading.settings
    expect(extAuth.bodyToExtAuth.maxRequestBytes).toBe(config.limits.maxBodyBytes)
    expect(extAuth).toMatchObject({ failOpen: false, statusOnError: 503 })
    expect(extAuth.http.backendRefs).toEqual([
      {
        name: 'inngest-gateway-auth',
        namespace: 'inngest-gateway',
        port: config.externalAuth?.port,
      },
    ])
    expect(config.externalAuth?.protocol).toBe('ext_authz')
  })
})

describe('the ClientTrafficPolicy', () => {
  it('removes only headers that the gateway strips inline', () => {
    const rawHeaders = remove.flatMap((name) => [name, 'value'])
    const inline = fieldsToRemove(rawHeaders, true, 'ext_authz')
    expect(inline.sort()).toEqual(remove.map((name) => name.toLowerCase()).sort())
  })

  it('removes no header that is sent to the gateway', () => {
    const names = extAuth.headersToExtAuth.map((name) => name.toLowerCase())
    expect(names.filter(isRemoved)).toEqual([])
  })

  it.each([
    'x-forwarded-host',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'forwarded',
    'true-client-ip',
    'x-azure-client-ip',
    'x.forwarded.for',
  ])('removes %s', (name) => {
    expect(isRemoved(name)).toBe(true)
  })
})

/** As Envoy matches them, on names in lower case. */
function isRemoved(name: string): boolean {
  const matches = removeOnMatch.some(({ type, value }) => {
    if (type === 'Prefix') return name.startsWith(value)
    if (type === 'Suffix') return name.endsWith(value)
    return new RegExp(`^(?:${value})$`).test(name)
  })
  return matches || remove.some((each) => each.toLowerCase() === name)
}

function namesIn(files: string, pattern: RegExp): string[] {
  // durable-sign.ts reads the headers of responses.
  return globSync(files, { exclude: ['**/durable-sign.ts'] }).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, name = '']) => name),
  )
}
