/** The conformance command against a gateway as it should be, and with one thing wrong at a time. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { runCli, type CliRun } from '../support/cli.ts'
import { needsOptions, runConformance, type Conforming } from '../support/conforming.ts'
import { freePort } from '../support/free-port.ts'
import { processKey, startGatewayProcess } from '../support/gateway-process.ts'
import { startOpenProxy } from '../support/open-proxy.ts'
import { startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

// An SDK that a case brings to its end does so by an unhandled rejection, which fails this file.
let app: SdkApp
const stops: (() => unknown)[] = []

beforeAll(async () => {
  // The SDK tells there of each call that it cannot make sense of.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  app = await startSdkApp(testKey, fallbackKey)
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
afterAll(() => {
  app.stop()
  vi.restoreAllMocks()
})

/** @param checks of its one route. */
async function startGateway(checks: object = {}, config: object = {}): Promise<number> {
  const route = { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }], checks }
  const gateway = await startTestGateway(app.url, { routes: [route], ...config })
  stops.push(() => gateway.stop())
  return gateway.port
}

const key = { INNGEST_SIGNING_KEY: processKey }

function conformance(port: number, args: readonly string[] = [], env: object = key) {
  const url = `http://127.0.0.1:${String(port)}/api/inngest`
  return runCli(['conformance', '--url', url, ...args], { ...env })
}

/** What depends on where it was run, as the documentation has it. */
function anonymous({ stdout }: CliRun): string {
  return stdout
    .replace(/^http:\S+/, 'https://gateway.example/api/inngest')
    .replaceAll(/127\.0\.0\.1:\d+/g, '10.0.4.7:3000')
    .replaceAll(/conformance-[0-9a-f]{8}-/g, 'conformance-1f0c9a2e-')
}

function expectDocumented(name: string, run: CliRun): void {
  const file = 'docs/how-to/conformance.md'
  const text = readFileSync(file, 'utf8')
  const block = `\n\n\`\`\`text\n${anonymous(run).trimEnd()}\n\`\`\`\n\n`
  const pattern = new RegExp(`(<!-- example: ${name} -->)([^]*?)(<!-- end: ${name} -->)`)
  const written = text.replace(pattern, (_, start: string, __, end: string) => start + block + end)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, written)
  else expect(written).toBe(text)
}

const needsOutside = ['outside-signed', 'outside-unsigned', 'outside-spoofed']
const ofReplay = [
  ...['replayed', 'retargeted', 'retargeted-unusual', 'retargeted-odd-context', 'retargeted-host'],
  'replayed-at-once',
]
const ofSignature = [
  ...['unsigned-call', 'empty-signature', 'foreign-key', 'tampered-body', 'tampered-timestamp'],
  ...['moved-digits', 'unreadable-json', 'doubled-signature', 'respelt-signature'],
  ...['unsigned-introspection', 'forged-introspection'],
]
const ofFreshness = ['expired', 'future-dated']
const ofUse = ['odd-methods', 'introspection-with-body', 'compressed-body']
const ofRunIds = ['run-id-mismatch', 'run-id-missing']
const ofRunIdsOff = [...ofRunIds, 'introspection-as-call']
const ofUses = ['introspection-as-call', 'probe-with-function']
const notTested = (run: Conforming) =>
  run.names('not tested').filter((name) => !needsOptions.includes(name))
const framedByNode = ['doubled-length', 'length-and-chunks', 'odd-encoding']

describe('a gateway as it should be', () => {
  it('passes as a process in front of a real app, and runs none of its functions', async () => {
    const own = await startSdkApp(processKey, 'signkey-test-99999999999999999999999999999999')
    stops.push(() => {
      own.stop()
    })
    const gateway = await startGatewayProcess(own.url, {})
    const closed = `127.0.0.1:${String(await freePort())}`
    const run = await conformance(gateway.port, ['--app-address', closed])
    expect(run.stderr).toBe('')
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toContain('\n46 passed, 0 failed, 11 not tested\n')
    expectDocumented('passed', run)
    expect(own.runs()).toBe(0)
    const reached = new Set(own.reached.map((line) => line.replace(/(fnId=)[^&]*/, '$1*')))
    expect([...reached].sort()).toEqual([
      ...['GET /api/inngest', 'POST /api/inngest?fnId=*&stepId=step'],
      'POST /api/inngest?probe=trust',
    ])
    expect(own.reached.some((line) => line.includes('shop'))).toBe(false)
  })

  it('is told of as JSON, and of one case alone', async () => {
    const port = await startGateway()
    const args = ['--json', '--only', 'tampered-body', '--only', 'freshness']
    const run = await conformance(port, args, { INNGEST_SIGNING_KEY: testKey })
    expect(run.exitCode).toBe(0)
    const report = JSON.parse(run.stdout) as { results: { name: string; outcome: string }[] }
    expect(report).toMatchObject({ passed: 3, failed: 0, notTested: 0 })
    expect(report.results.map(({ name }) => name)).toEqual(['tampered-body', ...ofFreshness])
  })

  it('passes over TLS with an authority of its own', async () => {
    const files = { certFile: 'cert.pem', keyFile: 'key.pem' }
    const tls = Object.fromEntries(
      Object.entries(files).map(([name, file]) => [
        name,
        `${process.cwd()}/test/fixtures/tls/${file}`,
      ]),
    )
    const port = await startGateway({}, { listen: { host: '127.0.0.1', port: 0, tls } })
    const args = ['conformance', '--url', `https://127.0.0.1:${String(port)}/api/inngest`]
    const env = { INNGEST_SIGNING_KEY: testKey }
    const trusted = await runCli(args, {
      ...env,
      NODE_EXTRA_CA_CERTS: 'test/fixtures/tls/cert.pem',
    })
    expect(trusted.stdout).toContain('\n45 passed, 0 failed, 12 not tested\n')
    const untrusted = await runCli(args, env)
    expect(untrusted.exitCode).toBe(2)
    expect(untrusted.stderr).toContain('certificate is not trusted here')
  })

  it('keeps everybody out who is not allowed', async () => {
    const port = await startGateway({}, { allowlist: ['192.0.2.10'] })
    const args = ['--expect-outside', '--only', 'address', '--allowed-address', '192.0.2.10']
    const run = await conformance(port, args, {})
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toContain('\n3 passed, 0 failed, 3 not tested\n')
    expectDocumented('outside', run)
  })
})

describe('a gateway with one check turned off', () => {
  it.each([
    [{ method: 'off' }, ofUse],
    [{ method: 'report' }, ofUse],
    [{ signature: 'report' }, ofSignature],
    [
      { signature: 'off', freshness: 'off', replay: 'off' },
      [
        ...[...ofSignature, ...ofFreshness, ...ofReplay.slice(0, -1), 'replayed-as-probe'],
        ...['replayed-at-once', 'doubled-step-id', ...ofRunIds, ...ofUses],
      ],
    ],
    [{ runId: 'off' }, ofRunIdsOff],
    [{ runId: 'report' }, ofRunIdsOff],
    [{ freshness: 'off' }, ofFreshness],
    [{ freshness: 'report' }, ofFreshness],
    [{ replay: 'off' }, ofReplay],
    [{ replay: 'report' }, ofReplay],
  ])('%j fails what it is for', async (checks, failed) => {
    const run = await runConformance(await startGateway(checks))
    expect(run.names('failed')).toEqual(failed)
    const withheld = [
      ...('signature' in checks ? ['unsigned-sync'] : []),
      ...('replay' in checks ? ['replayed-as-sync'] : []),
    ]
    expect(notTested(run)).toEqual([...withheld, ...needsOutside, 'app-address'])
  })

  it.each(['off', 'report'])(
    'fails with allowlist %s from outside, and passes from nowhere',
    async (mode) => {
      const port = await startGateway({ allowlist: mode }, { allowlist: ['192.0.2.10'] })
      const run = await runConformance(port, { expectOutside: true })
      expect(run.names('failed')).toEqual(needsOutside)
      expect(notTested(await runConformance(port))).toEqual([...needsOutside, 'app-address'])
    },
  )

  it('tells what failed, what it means and where to look', async () => {
    const port = await startGateway({ replay: 'report' })
    const run = await conformance(port, ['--only', 'replayed'], { INNGEST_SIGNING_KEY: testKey })
    expect(run.exitCode).toBe(1)
    expectDocumented('failed', run)
  })

  it('sends no unsigned sync where unsigned calls get through', async () => {
    const before = app.reached.length
    const port = await startGateway({ signature: 'report' })
    const run = await runConformance(port, { only: ['unsigned-sync'] })
    expect(run.results).toMatchObject([{ outcome: 'not tested' }])
    expect(app.reached.slice(before).filter((line) => line.startsWith('PUT'))).toEqual([])
  })
})

describe('something wrong around the gateway', () => {
  it('fails outside-spoofed where everybody is a trusted proxy', async () => {
    const config = { allowlist: ['192.0.2.10'], trustedProxies: ['127.0.0.0/8'] }
    const port = await startGateway({}, config)
    const options = { expectOutside: true, allowedAddress: '192.0.2.10' }
    expect((await runConformance(port, options)).names('failed')).toEqual(['outside-spoofed'])
  })

  it('fails spoofed-x-forwarded-for where a trusted proxy passes on what its client wrote', async () => {
    const config = { allowlist: ['127.0.0.1'], trustedProxies: ['127.0.0.2'] }
    const proxy = await startOpenProxy(await startGateway({}, config), '127.0.0.2')
    stops.push(proxy.stop)
    const run = await runConformance(proxy.port)
    expect(run.names('failed')).toEqual(['spoofed-x-forwarded-for'])
    // The proxy refuses these itself, which shows nothing of the gateway.
    expect(notTested(run)).toEqual([...needsOutside, ...framedByNode, 'app-address'])
  })

  it('passes next to nothing of a proxy that checks nothing', async () => {
    const proxy = await startOpenProxy(Number(new URL(app.url).port))
    stops.push(proxy.stop)
    const run = await runConformance(proxy.port)
    expect(run.names('passed')).toEqual([
      ...['signed-call', 'reencoded-call', 'signed-introspection', 'trust-probe'],
      ...['spoofed-x-forwarded-for', 'spoofed-forwarded', 'spoofed-x-real-ip'],
    ])
    expect(run.names('failed')).toHaveLength(33)
    expect(app.reached.filter((line) => line.startsWith('PUT'))).toEqual([])
    expect(app.runs()).toBe(0)
  })

  it('fails app-address for an app that can be reached, and for no other', async () => {
    const port = await startGateway()
    const closed = await freePort()
    const ports = [Number(new URL(app.url).port), port, closed]
    const appAddress = ports.map((each) => `127.0.0.1:${String(each)}`)
    const run = await runConformance(port, { appAddress, only: ['app-address'] })
    expect(run.results.map(({ outcome }) => outcome)).toEqual(['failed', 'passed', 'passed'])
    expect(run.results[0]?.sends).toContain(appAddress[0])
  })
})

describe('nothing to test', () => {
  it('exits 2 for a key that the gateway does not know, and says so once', async () => {
    const run = await conformance(await startGateway(), [], {
      INNGEST_SIGNING_KEY: 'signkey-test-beef',
    })
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toBe(
      'the gateway refused a signed function call with 401: the key in INNGEST_SIGNING_KEY is not a signing key of the route\n',
    )
    expect(run.stdout).not.toContain('failed')
  })

  it('exits 2 where nobody listens', async () => {
    const run = await conformance(await freePort())
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toMatch(
      /^cannot reach 127\.0\.0\.1:\d+ \(ECONNREFUSED\): nothing listens there\n$/,
    )
  })

  it('exits 2 at an address that is kept out, and names --expect-outside', async () => {
    const port = await startGateway({}, { allowlist: ['192.0.2.10'] })
    const run = await conformance(port)
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain('--expect-outside')
  })

  it.each([
    [['--only', 'nonsense'], 'unknown case "nonsense"'],
    [['--app-address', '3000'], '--app-address: expected host:port, found "3000"'],
    [
      ['--max-age', 'long'],
      '--max-age: expected a duration such as 5m (whole d, h, m or s), from 1s to 1h, found "long"',
    ],
    [['--key-env', 'UNSET'], 'environment variable UNSET, found it unset'],
    [['--url', 'gateway.example'], '--url: expected the URL that Inngest calls'],
    [['--allowed-address', '10.0.0.0/8'], '--allowed-address: expected an address'],
    [['--nonsense'], "unknown option '--nonsense'"],
  ])('exits 2 for %j', async (args, message) => {
    const run = await conformance(9, args)
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain(message)
    expect(run.stdout).toBe('')
  })

  it('lists the cases without a URL or a key', async () => {
    const run = await runCli(['conformance', '--list'], {})
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toContain('  tampered-body ')
  })
})
