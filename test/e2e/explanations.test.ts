/** `explain`, `ranges` and `print-config`: what an operator asks when something was refused. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../gateway/config/load.ts'
import { recordedKey, recordedRequests, recordedSignature } from '../support/recorded.ts'
import { signatureHeader } from '../support/sender.ts'

const other = 'signkey-test-9876'
const env = { INNGEST_SIGNING_KEY: `signkey-prod-${recordedKey}`, OTHER: other }
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-explain-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const fileOf = (name: string, text: string) => {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}
const config = fileOf(
  'gateway.yaml',
  `allowlist: [inngest, 10.0.0.0/8]
inngestRanges: { stateFile: ${path.join(folder, 'ranges.json')} }
trustedProxies: [192.168.0.0/16]
checks: { replay: report }
routes:
  - { name: billing, upstream: "http://127.0.0.1:3000", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }
  - { name: shop, path: /shop, upstream: "http://127.0.0.1:3001", signingKeys: [{ env: OTHER }] }
`,
)

function cli(args: string[], input = '', variables: Record<string, string> = env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['gateway/main.ts', ...args], {
    env: variables,
    input,
    encoding: 'utf8',
  })
  return { status, text: `${stdout}${stderr}` }
}
const explain = (args: string[], input = '') => cli(['explain', '-c', config, ...args], input)

const recorded = recordedRequests.find(
  ({ method, body }) => method === 'POST' && body.length < 2000,
)
if (recorded === undefined) throw new Error('the recording has no short call')
const signature = recordedSignature(recorded)
const at = String(Math.floor(recorded.receivedAtMs / 1000))

describe('explain', () => {
  const asRecorded = ['--body', '-', '--at', at, '-H', `X-Inngest-Signature: ${signature}`]

  it('takes a recorded call through every check', () => {
    const { status, text } = explain(['--from', '10.1.2.3', ...asRecorded], recorded.body)
    expect([status, text]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(
          [
            'route {7}billing, to http://127\\.0\\.0\\.1:3000',
            'client {6}10\\.1\\.2\\.3, remote address of the connection, not a trusted proxy',
            'allowlist {3}in 10\\.0\\.0\\.0/8, from the configuration',
            'signature {3}over the body as received, by key 0 \\(env:INNGEST_SIGNING_KEY\\)',
            'age {9}\\d s',
            'replay {6}would be claimed; this offline trace cannot see existing claims',
            'decision {4}admitted',
          ].join('\\n'),
        ),
      ) as string,
    ])
  })

  it.each([
    [
      'the address that a proxy names, and the published range that it is in',
      ['--from', '192.168.0.1', '-H', 'X-Forwarded-For: 9.9.9.9, 3.140.194.254', ...asRecorded],
      0,
      ['client      3.140.194.254, X-Forwarded-For', 'in 3.140.194.254, published by Inngest'],
    ],
    [
      'an address that is in no range',
      ['--from', '9.9.9.9', ...asRecorded],
      1,
      ['9.9.9.9 is in no range', 'refused as client_not_allowed (allowlist, 403)'],
    ],
    [
      'a proxy that names nobody',
      ['--from', '192.168.0.1', ...asRecorded],
      1,
      [
        'client      unresolved: trusted proxy 192.168.0.1 sent no usable client address',
        'refused as client_unidentified',
      ],
    ],
    [
      'a path of no route',
      ['--from', '10.0.0.1', '--target', '/x'],
      1,
      ['no route has host localhost and path /x; hosts of the routes: any', '404'],
    ],
    [
      'a clock that is wrong',
      ['--from', '10.0.0.1', ...asRecorded, '--at', String(Number(at) + 400)],
      1,
      ['timestamp_too_old', '400 s'],
    ],
    [
      'the key of another route, which the diagnosis names',
      [
        '--from',
        '10.0.0.1',
        '--body',
        '-',
        '--at',
        at,
        '-H',
        `X-Inngest-Signature: ${signatureHeader(other, recorded.body, Number(at))}`,
      ],
      1,
      ['diagnosis   other_key', '(env:OTHER)', 'refused as signature_mismatch'],
    ],
  ] as const)('tells of %s', (_, args, expected, parts) => {
    const { status, text } = explain([...args], recorded.body)
    for (const part of parts) expect(text).toContain(part)
    expect(status).toBe(expected)
  })

  it('lists the hosts of the routes when none has that of the request', () => {
    const file = fileOf(
      'hosts.yaml',
      `routes:
  - { name: a, host: A.example.com, upstream: "http://127.0.0.1:1", signingKeys: [{ env: OTHER }] }
  - { name: b, host: "b.example.com:8443", upstream: "http://127.0.0.1:1", signingKeys: [{ env: OTHER }] }
`,
    )
    const hosts = 'hosts of the routes: a.example.com, b.example.com:8443'
    const asked = 'no route has host a.example.com:444 and path /api/inngest'
    const request = [
      '--from',
      '10.0.0.1',
      '-H',
      'Host: a.example.com:444',
      '--target',
      '/api/inngest',
    ]
    const explained = cli(['explain', '-c', file, ...request])
    expect(explained.text).toContain(`${asked}; ${hosts}`)
    const line = {
      decision: 'refused',
      reason: 'route_not_found',
      host: 'a.example.com:444',
      path: '/api/inngest',
    }
    const logged = cli(['explain', '-c', file, '--log', '-'], JSON.stringify(line))
    expect(logged.text).toContain(`${asked}; ${hosts}`)
  })

  it('counts a body as one, and an Upgrade only if Connection names it', () => {
    const ask = (...more: string[]) => explain(['--from', '10.1.2.3', ...more], '{}').text
    expect(ask('--method', 'GET', '--body', '-')).toContain('refused as body_not_allowed')
    const upgrade = ['-H', 'Upgrade: websocket']
    expect(ask(...upgrade)).toContain('refused as signature_missing')
    const asked = [...upgrade, '-H', 'Connection: close, Upgrade']
    expect(ask(...asked)).toContain('refused as upgrade_not_allowed')
    // As in a running gateway, an offer of h2c is ignored (RFC 9110 7.8).
    const offer = ['-H', 'Upgrade: h2c', '-H', 'Connection: Upgrade, HTTP2-Settings']
    expect(ask(...offer)).toContain('refused as signature_missing')
  })

  it('tells what a line of the log says', () => {
    const line = {
      decision: 'refused',
      reason: 'signature_mismatch',
      route: 'billing',
      client_ip: '10.0.0.1',
      client_ip_source: 'peer',
      remote_ip: '10.0.0.1',
      diagnosis: 'truncated',
      diagnosis_detail: '300 bytes received',
    }
    const { status, text } = explain(['--log', '-'], JSON.stringify(line))
    expect(text).toContain('client      10.0.0.1, from peer')
    expect(text).toContain('in 10.0.0.0/8')
    expect(text).toContain('truncated: The JSON is incomplete')
    expect(text).toContain('refused as signature_mismatch (signature, 401)')
    expect(status).toBe(1)
  })

  it.each([
    [[], 'give --from ADDRESS, or --log FILE'],
    [['--log', '-'], 'expected the JSON log line of one request'],
    [['--from', '10.0.0.1', '-H', 'nonsense'], 'expected "Name: value", found "nonsense"'],
    [['--from', '10.0.0.1', '--at', 'noon'], 'expected Unix seconds, found noon'],
    [['--from', '10.0.0.1', '--body', '/nonexistent'], '--body: no such file: /nonexistent'],
    [['--log', '/nonexistent'], '--log: no such file: /nonexistent'],
    [['--from', 'gateway'], 'expected an IPv4 or IPv6 address, found "gateway"'],
  ])('rejects %j and names what to give instead', (args, message) => {
    const { status, text } = explain(args, 'nonsense')
    expect(text).toContain(message)
    expect(status).toBe(2)
  })
})

describe('ips', () => {
  it('prints every range with its source, and warns of those bundled with the release', () => {
    const { status, text } = cli(['ips', '-c', config])
    expect(text).toMatch(/^198\.212\.45\.0\/24 +bundled$/m)
    expect(text).toMatch(/^10\.0\.0\.0\/8 +allowlist$/m)
    expect(text).toContain(
      'published ranges: bundled with this release (a list has not been fetched yet); possibly out of date\n',
    )
    expect(status).toBe(0)
  })

  it.each([
    ['198.212.45.9', 0, '198.212.45.9 is in 198.212.45.0/24 (bundled)'],
    ['::ffff:10.1.1.1', 0, '10.1.1.1 is in 10.0.0.0/8 (allowlist)'],
    ['8.8.8.8', 1, '8.8.8.8 is in no range'],
    ['8.8.8', 2, 'expected an IPv4 or IPv6 address, found "8.8.8"'],
  ])('exits, for --check %s, with %i', (address, expected, message) => {
    const { status, text } = cli(['ips', '-c', config, '--check', address])
    expect(text).toContain(message)
    expect(status).toBe(expected)
  })

  describe('after a fetch', () => {
    beforeAll(() => {
      const source = 'https://www.inngest.com/ips-v4'
      const fetchedAtSeconds = Math.floor(Date.now() / 1000) - 7200
      const list = { source, fetchedAtSeconds, published: ['18.208.0.0/24'], vanished: [] }
      fileOf('kept.json', JSON.stringify({ version: 1, lists: [list] }))
    })

    it('prints how old each list is', () => {
      const file = fileOf(
        'kept.yaml',
        `inngestRanges: { urls: [https://www.inngest.com/ips-v4], stateFile: ${path.join(folder, 'kept.json')} }
routes: [{ name: a, upstream: "http://127.0.0.1:1", signingKeys: [{ env: OTHER }] }]
`,
      )
      const { text } = cli(['ips', '-c', file])
      expect(text).toMatch(
        /^18\.208\.0\.0\/24 +https:\/\/www\.inngest\.com\/ips-v4, read 2\.0 h ago$/m,
      )
      expect(text).toContain('from the state file')
    })
  })
})

describe('print-config', () => {
  const printed = cli(['print-config', '-c', config], '', {
    ...env,
    INNGEST_SERVE_PATH: '/ignored/with/two/routes',
  })

  it('prints every setting with its origin, and no secret', () => {
    expect(printed.status).toBe(0)
    expect(printed.text).toContain('port: 8080 # default')
    expect(printed.text).toContain(`replay: report # ${config}:4`)
    expect(printed.text).toContain(`path: /shop # ${config}:7`)
    expect(printed.text).toContain(`env: OTHER # ${config}:7; its key is set, [redacted]`)
    expect(printed.text).toContain('path: /api/inngest # default')
    expect(printed.text).not.toContain('9876')
  })

  it('prints what can be started with, to the same effect', () => {
    const again = readSettingsFile(fileOf('printed.yaml', printed.text), env)
    const before = readSettingsFile(config, env)
    if (!again.ok || !before.ok) throw new Error('it does not start')
    expect(again.settings.policy).toEqual(before.settings.policy)
  })

  it('tells of variables where there is no file', () => {
    const { text } = cli(['print-config', '-u', 'http://127.0.0.1:3000'], '', {
      ...env,
      INNGEST_SERVE_PATH: '/x/inngest',
    })
    expect(text).toContain('path: /x/inngest # environment INNGEST_SERVE_PATH')
    expect(text).toContain('upstream: http://127.0.0.1:3000 # command line')
  })

  it('tells of variables for the route of Inngest only', () => {
    const file = fileOf(
      'both.yaml',
      `routes:
  - { name: app, policy: passthrough, upstream: "http://127.0.0.1:3000" }
  - { name: fn, upstream: "http://127.0.0.1:3000", signingKeys: [{ env: OTHER }] }
`,
    )
    const { text } = cli(['print-config', '-c', file], '', { ...env, INNGEST_SERVE_PATH: '/x' })
    const paths = text.split('\n').filter((line) => line.includes(' path: '))
    expect(paths.map((line) => line.trim())).toEqual([
      'path: / # default',
      'path: /x # environment INNGEST_SERVE_PATH',
    ])
  })
})
