import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readSettingsFile, type SettingsReading } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
function read(text: string, variables: Record<string, string> = env): SettingsReading {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(file, text)
  return readSettingsFile(file, variables)
}

function problems(reading: SettingsReading): string[] {
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, ''))
}

function settings(reading: SettingsReading) {
  if (!reading.ok) throw new Error(problems(reading).join('\n'))
  return reading.settings
}

describe('what two keys of a configuration say together', () => {
  const app = 'upstream: "http://127.0.0.1:3000"'
  const keys = 'signingKeys: [{ env: INNGEST_SIGNING_KEY }]'
  it.each([
    [
      'PROXY headers from nobody',
      `routes: [{ name: a, ${app}, ${keys} }]\nlisten: { proxyProtocol: true }`,
      'trustedProxies: expected the proxies that send PROXY headers, since listen.proxyProtocol is true',
    ],
    [
      'less memory than one body may have',
      `routes: [{ name: a, ${app}, ${keys} }]\nlimits: { maxBufferedSize: 2KiB }`,
      'limits.maxBufferedSize: expected at least twice limits.maxBodySize, which is 10MiB, found "2KiB"',
    ],
    [
      'less memory than one body may have in each worker',
      `routes: [{ name: a, ${app}, ${keys} }]\nworkers: 7`,
      'workers: expected at most 6, for each of which limits.maxBufferedSize has room for two bodies, found 7',
    ],
    [
      'one name of two routes',
      `routes: [{ name: a, ${app}, ${keys} }, { name: a, path: /x, ${app}, ${keys} }]`,
      'routes[1].name: expected a unique name, found that of routes[0], "a"',
    ],
    [
      'an Inngest route without keys',
      `routes: [{ name: a, ${app} }]`,
      'routes[0].signingKeys: expected a list of references, env: NAME or file: /path, found nothing',
    ],
    [
      'an allowlist that would not be looked at',
      `routes: [{ name: a, ${app}, ${keys}, allowlist: [10.0.0.0/8] }]`,
      'routes[0].allowlist: expected nothing unless policy is passthrough',
    ],
    [
      'keys that nothing would use',
      `routes: [{ name: a, policy: passthrough, ${app}, ${keys} }]`,
      'routes[0].signingKeys: expected nothing, since a passthrough route verifies nothing',
    ],
    [
      'an unsigned sync that may choose the URL',
      `routes: [{ name: a, ${app}, ${keys}, unsignedPut: { allowFrom: [192.0.2.0/24] } }]`,
      'routes[0].serveOrigin: expected an origin, so that an unsigned sync cannot choose the URL',
    ],
    [
      'everybody as a client without a signature',
      `routes: [{ name: a, ${app}, ${keys}, unsignedGet: { allowFrom: [0.0.0.0/0] } }]`,
      'routes[0].unsignedGet',
    ],
    [
      'TLS files for a plain upstream',
      `routes: [{ name: a, ${app}, ${keys}, upstreamTls: { caFile: /x } }]`,
      'routes[0].upstreamTls: expected nothing, since the upstream is not https',
    ],
    [
      'a setting that was removed, by name of the one that replaces it',
      `routes: [{ name: a, ${app}, ${keys} }]\nreplay: { strict: true }`,
      'replay.strict: expected no such key: each signature is now claimed separately; for an Inngest server older than 1.13.5 set legacyServer: true on its route, found a key that was removed',
    ],
    [
      'an authority that is a URL',
      `routes: [{ name: a, ${app}, ${keys}, syncAuthorities: ["https://a.example"] }]`,
      'routes[0].syncAuthorities[0]: expected a host name or address with an optional port',
    ],
    [
      'a server of a route that has none',
      `routes: [{ name: a, policy: passthrough, ${app}, legacyServer: true }]`,
      'routes[0].legacyServer: expected nothing, since a passthrough route verifies nothing',
    ],
    [
      'authorities of a route without syncs',
      `routes: [{ name: a, policy: passthrough, ${app}, syncAuthorities: [a.example] }]`,
      'routes[0].syncAuthorities: expected nothing, since a passthrough route verifies nothing',
    ],
    [
      'half a client certificate',
      `routes: [{ name: a, upstream: "https://127.0.0.1:1", ${keys}, upstreamTls: { certFile: /x } }]`,
      'routes[0].upstreamTls: expected both certFile and keyFile, or neither',
    ],
    [
      'a way to turn verification off',
      `routes: [{ name: a, upstream: "https://127.0.0.1:1", ${keys}, upstreamTls: { insecureSkipVerify: true } }]`,
      'routes[0].upstreamTls.insecureSkipVerify: expected one of caFile, certFile, keyFile, serverName',
    ],
    [
      'freshness of what is not verified',
      `routes: [{ name: a, ${app}, ${keys}, checks: { signature: off } }]`,
      'routes[0].checks.signature: expected report, or off for freshness and replay too, which need a verified signature, found "off"',
    ],
    [
      'the same for all routes',
      `routes: [{ name: a, ${app}, ${keys} }]\nchecks: { signature: off, replay: off }`,
      'checks.signature: expected report, or off for freshness and replay too',
    ],
    [
      'an enforced check that could learn nothing',
      `routes: [{ name: a, ${app}, ${keys}, checks: { functionId: enforce } }]\nchecks: { replay: off }`,
      'routes[0].checks.functionId: expected report or off, or replay not off: pairs are learned from claimed calls only, found "enforce"',
    ],
    [
      'a mode of no check',
      `routes: [{ name: a, ${app}, ${keys}, checks: { framing: off } }]`,
      'routes[0].checks.framing: expected one of method, allowlist, signature, syncBody, syncUrl, app, runId, callIds, functionId, freshness, replay',
    ],
    [
      'a check that a passthrough route does not make',
      `routes: [{ name: a, policy: passthrough, ${app}, checks: { replay: report } }]`,
      'routes[0].checks: expected nothing but allowlist, since a passthrough route verifies nothing',
    ],
    [
      'a passthrough route doubled',
      `routes: [{ name: a, policy: passthrough, ${app} }, { name: b, policy: passthrough, path: /, ${app} }]`,
      'routes[1].path: expected a unique host and path, found those of routes[0], "a"',
    ],
    [
      'a route doubled under another spelling of its host',
      `routes: [{ name: a, host: A.example, ${app}, ${keys} }, { name: b, host: a.example, ${app}, ${keys} }]`,
      'routes[1].path: expected a unique host and path',
    ],
    ...['a.example.', 'a.example:443', 'A.EXAMPLE.:80'].map((host): [string, string, string] => [
      `a route doubled as host ${host}`,
      `routes: [{ name: a, host: a.example, ${app}, ${keys} }, { name: b, host: "${host}", ${app}, ${keys} }]`,
      'routes[1].path: expected a unique host and path',
    ]),
    [
      'a host that is no authority',
      `routes: [{ name: a, host: "a..example:99999", ${app}, ${keys} }]`,
      'routes[0].host: expected a host name or address with an optional port',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(problems(read(text)).join('\n')).toContain(message)
  })

  it('takes what users have set for the one Inngest route beside a passthrough route', () => {
    const { policy } = settings(
      read(`routes: [{ name: a, ${app}, ${keys} }, { name: b, policy: passthrough, ${app} }]`, {
        ...env,
        INNGEST_SERVE_PATH: '/x/inngest',
      }),
    )
    expect(policy.routes.map(({ kind, path: own }) => `${kind} ${own}`)).toEqual([
      'inngest /x/inngest',
      'passthrough /',
    ])
  })
})
