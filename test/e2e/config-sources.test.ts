/** Included files, variables and `--set`, through the real process and its reload. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import { runCli } from '../support/cli.ts'
import {
  patient,
  postCall,
  processKey,
  readiness,
  signCall,
  startGatewayProcess,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send } from '../support/sender.ts'

const routeOf = (name: string, upstream: string, more = '') =>
  `routes:\n  - { name: ${name}, path: /${name}, upstream: "${upstream}", signingKeys: [{ env: INNGEST_SIGNING_KEY }]${more} }\n`

async function call({ port }: GatewayProcess, target: string): Promise<string> {
  const { body, signature } = signCall()
  const headers = { 'x-inngest-signature': signature }
  const answer = await send({ port, target, body, headers }).catch(() => undefined)
  return answer?.status === 200 ? answer.body : String(answer?.status)
}

const lastReload = ({ log }: GatewayProcess) =>
  log.findLast(({ msg }) => String(msg).startsWith('configuration'))

describe('a gateway with included files', () => {
  it('takes over a file that appears, one that changes and one that goes, and keeps what runs if one is broken', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const folder = mkdtempSync(path.join(tmpdir(), 'gateway-conf.d-'))
    const put = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text)
    }
    try {
      const gateway = await startGatewayProcess(first.url, { include: `${folder}/*.yaml` })
      expect(await call(gateway, '/billing')).toBe('404')

      put('billing.yaml', routeOf('billing', first.url))
      await expect.poll(() => call(gateway, '/billing'), patient).toBe('first')

      put('billing.yaml', routeOf('billing', second.url))
      await expect.poll(() => call(gateway, '/billing'), patient).toBe('second')

      put('shop.yaml', '# to come\n\nroutes:\n  - { name: shop, upstraem: x }\n')
      await expect.poll(() => lastReload(gateway)?.['level'], patient).toBe('error')
      expect(lastReload(gateway)?.['problems']).toContainEqual(
        expect.stringMatching(
          /shop\.yaml:4: routes\[0\]\.upstraem: expected one of .* \(did you mean upstream\?\)$/,
        ) as string,
      )
      expect(await call(gateway, '/billing')).toBe('second')
      expect(await call(gateway, '/shop')).toBe('404')

      put('shop.yaml', routeOf('shop', first.url))
      await expect.poll(() => call(gateway, '/shop'), patient).toBe('first')

      rmSync(path.join(folder, 'billing.yaml'))
      await expect.poll(() => call(gateway, '/billing'), patient).toBe('404')
      expect(await call(gateway, '/shop')).toBe('first')

      // Other files in the folder are no change.
      const reloads = () => gateway.log.filter(({ msg }) => String(msg).startsWith('configuration'))
      const before = reloads().length
      put('notes.txt', 'hello')
      put('zz.yaml', routeOf('zz', first.url))
      await expect.poll(() => call(gateway, '/zz'), patient).toBe('first')
      expect(reloads()).toHaveLength(before + 1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('follows the symlinks of a ConfigMap, and a file that is new in it', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const mount = mountSecret({ 'a.yaml': routeOf('a', first.url) })
    const include = path.join(path.dirname(mount.fileOf('a.yaml')), '*.yaml')
    const gateway = await startGatewayProcess(first.url, { include })
    expect(await call(gateway, '/a')).toBe('first')
    mount.put({ 'a.yaml': routeOf('a', second.url) })
    await expect.poll(() => call(gateway, '/a'), patient).toBe('second')
    mount.put({ 'a.yaml': routeOf('a', first.url), 'b.yaml': routeOf('b', second.url) })
    await expect.poll(() => call(gateway, '/b'), patient).toBe('second')
    expect(await call(gateway, '/a')).toBe('first')
  })

  it('has its workers take over all of it, with --set and variables', async () => {
    const app = await startNamedApp('app')
    const mount = mountSecret({ 'a.yaml': routeOf('a', '${APP}') })
    const include = path.join(path.dirname(mount.fileOf('a.yaml')), '*.yaml')
    const gateway = await startGatewayProcess(
      'http://127.0.0.1:1',
      { include, workers: 2 },
      { APP: app.url },
      ['--set', 'routes.app.upstream=${APP}', '--set', 'limits.maxBodySize=1KiB'],
    )
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    expect((await postCall(gateway.port)).status).toBe(200)
    expect(await call(gateway, '/a')).toBe('app')
    mount.put({
      'a.yaml': routeOf('a', '${APP}', ', checks: { replay: off }'),
      'b.yaml': routeOf('b', '${APP}'),
    })
    await expect.poll(() => call(gateway, '/b'), patient).toBe('app')
    // What --set says is said to a reload too.
    const { body } = signCall()
    const long = await send({
      port: gateway.port,
      body: body.replace('process', 'x'.repeat(2000)),
      headers: {
        'x-inngest-signature': `t=${String(Math.floor(Date.now() / 1000))}&s=${'0'.repeat(64)}`,
      },
    })
    expect(long.status).toBe(413)
  })
})

describe('the commands', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gateway-sources-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  const put = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), text)
    return path.join(folder, name)
  }
  const cli = async (args: string[], env: Record<string, string> = {}) => {
    const { exitCode, stdout, stderr } = await runCli(args, {
      INNGEST_SIGNING_KEY: processKey,
      ...env,
    })
    return { exitCode, text: (stdout + stderr).replaceAll(`${folder}/`, '') }
  }

  it('say file and line of each mistake', async () => {
    const config = put(
      'gateway.yaml',
      `log: { level: \${LEVEL} }\ninclude: "*.yaml"\n`.replace('${LEVEL}', '"${LEVEL}"'),
    )
    put('a.yaml', `\n${routeOf('a', 'http://h:1', ', polcy: inngest')}`)
    put('b.yaml', routeOf('b', 'http://h:1', ', policy: passthru'))
    const { exitCode, text } = await cli(['validate', '-c', config], { LEVEL: 'dbug' })
    expect(exitCode).toBe(2)
    expect(text.trim().split('\n')).toEqual([
      'gateway.yaml:1: log.level: expected one of debug, info, warn, error, silent, found "dbug" (did you mean debug?) (from ${LEVEL})',
      expect.stringMatching(
        /^a\.yaml:3: routes\[0\]\.polcy: expected one of .*, found an unknown key \(did you mean policy\?\)$/,
      ) as string,
      'b.yaml:2: routes[0].policy: expected one of inngest, passthrough, durable, found "passthru" (did you mean passthrough?)',
      '3 problems',
    ])
  })

  it('print where each value comes from, and what can be started with', async () => {
    const config = put(
      'gateway.yaml',
      `listen:\n  port: \${GATEWAY_PORT}\nops:\n  port: \${OPS_PORT:-9191}\ninngestRanges: { file: 'a$\${b' }\ninclude: routes.yaml\n`,
    )
    put('routes.yaml', `\n${routeOf('billing', 'http://${APP_HOST}:3000')}`)
    const args = [
      '-c',
      config,
      '--set',
      'limits.maxConnections=500',
      '--set',
      'routes.billing.host=a.example',
    ]
    const env = { GATEWAY_PORT: '8088', APP_HOST: 'app' }
    const { exitCode, text } = await cli(['print-config', ...args], env)
    expect(exitCode).toBe(0)
    for (const line of [
      'port: 8088 # gateway.yaml:2, environment GATEWAY_PORT',
      'port: 9191 # gateway.yaml:4, default of ${OPS_PORT}',
      'file: a$${b # gateway.yaml:5',
      'name: billing # routes.yaml:3',
      'upstream: http://app:3000 # routes.yaml:3, environment APP_HOST',
      'env: INNGEST_SIGNING_KEY # routes.yaml:3; its key is set, [redacted]',
      'host: a.example # command line --set',
      'maxConnections: 500 # command line --set',
      'maxHeaderCount: 100 # default',
      'host: 0.0.0.0 # default',
    ]) {
      expect(text).toContain(line)
    }
    expect(text).not.toContain('include')
    const ported = await cli(['print-config', ...args, '--port', '8089'], env)
    expect(ported.text).toContain('port: 8089 # command line --port')
    const again = await cli(['print-config', '-c', put('printed.yaml', text)])
    const withoutComments = (printed: string) => printed.replaceAll(/ #.*/g, '').split('\n').sort()
    expect(withoutComments(again.text)).toEqual(withoutComments(text))
  })

  it.each(['run', 'validate', 'print-config', 'ips'])(
    '%s shows nothing of a variable that holds a secret',
    async (command) => {
      const config = put(
        'gateway.yaml',
        `inngestRanges: { file: "\${KEY}" }\nlisten: { host: "\${DB_PASSWORD}" }\nreplay: { store: redis, url: "redis://h", password: "\${PW}" }\n${routeOf('a', 'http://h:1')}`,
      )
      const secrets = { KEY: 'signkey-prod-TOPSECRET', DB_PASSWORD: 'TOPSECRET', PW: 'TOPSECRET' }
      const { exitCode, text } = await cli([command, '-c', config], secrets)
      expect(exitCode).toBe(2)
      expect(text).toContain('gateway.yaml:1: inngestRanges.file: expected no secret in ${KEY}')
      expect(text).toContain('gateway.yaml:2: listen.host: expected no secret in ${DB_PASSWORD}')
      expect(text).toContain('gateway.yaml:3: replay.password: expected a reference, env: PW or')
      expect(text).toContain('3 problems')
      expect(text).not.toContain('TOPSECRET')
    },
  )

  it.each([
    ['run', []],
    ['validate', []],
    ['print-config', []],
    ['ips', []],
    ['explain', ['--from', '127.0.0.1']],
  ])('%s takes --set, and names it in a problem', async (command, more) => {
    const config = put('gateway.yaml', routeOf('billing', 'http://h:1'))
    const args = [command, '-c', config, ...more, '--set', 'limits.maxConection=1']
    const { exitCode, text } = await cli([...args, '--set', 'routes.biling.path=/x'])
    expect(exitCode).toBe(2)
    expect(text).toContain('command line: --set limits.maxConection: expected one of')
    expect(text).toContain('(did you mean maxConnections?)')
    expect(text).toContain(
      'command line: --set routes.biling.path: expected the name of a route, one of billing, found no such route (did you mean billing?)',
    )
    expect(text).toContain('2 problems')
  })

  it('explain a request to the route that is named', async () => {
    const config = put(
      'gateway.yaml',
      `${routeOf('billing', 'http://h:1')}${routeOf('shop', 'http://h:2', ', host: shop.example').replace('routes:\n', '')}`,
    )
    const args = ['explain', '-c', config, '--from', '127.0.0.1', '--route']
    expect((await cli([...args, 'shop'])).text).toContain('route       shop')
    expect(await cli([...args, 'shpo'])).toEqual({
      exitCode: 2,
      text: '--route: expected one of billing, shop, found "shpo" (did you mean shop?)\n',
    })
  })

  it('offer the nearest case of conformance', async () => {
    const url = ['--url', 'http://127.0.0.1:1']
    const { exitCode, text } = await cli(['conformance', ...url, '--only', 'trust_prob'])
    expect(exitCode).toBe(2)
    expect(text).toContain('unknown case "trust_prob" (did you mean trust-probe?)')
  })
})
