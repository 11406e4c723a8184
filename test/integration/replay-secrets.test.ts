/** What the replay store is made with, in files that change while the gateway runs. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { call, track } from '../support/app-behind-gateway.ts'
import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { startTestGateway } from '../support/test-gateway.ts'

const pemOf = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')

const url = 'rediss://127.0.0.1:1'

const routeTo = (app: NamedApp) => ({
  routes: [{ name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }] }],
})

describe('a changed file', () => {
  it.each([
    [
      'replay.password',
      (file: string) => ({ url, password: { file } }),
      'secret-of-before',
      'secret-of-after',
    ],
    [
      'replay.caFile',
      (file: string) => ({ url, caFile: file }),
      pemOf('cert.pem'),
      pemOf('second-cert.pem'),
    ],
    [
      'replay.sentinelPassword',
      (file: string) => ({
        sentinels: ['127.0.0.1:1'],
        sentinelName: 'primary',
        sentinelPassword: { file },
      }),
      'secret-of-before',
      'secret-of-after',
    ],
    [
      'replay.certFile',
      (file: string) => ({ url, certFile: file, keyFile: 'test/fixtures/tls/key.pem' }),
      pemOf('cert.pem'),
      `${pemOf('cert.pem')}${pemOf('second-cert.pem')}`,
    ],
    [
      'replay.keyFile',
      (file: string) => ({ url, certFile: 'test/fixtures/tls/cert.pem', keyFile: file }),
      pemOf('key.pem'),
      `${pemOf('key.pem')}\n`,
    ],
  ])(
    'is noticed behind %s, and reported to take effect at a restart',
    async (key, referTo, before, after) => {
      const [app, other] = [await startNamedApp('app'), await startNamedApp('other')]
      const mount = mountSecret({ secret: before })
      const file = mount.fileOf('secret')
      const replay = {
        store: 'redis',
        whenUnavailable: 'memory',
        ...referTo(file),
      }
      const gateway = track(await startTestGateway(app.url, { ...routeTo(app), replay }))
      const warnings = () => gateway.logLines.filter(({ keys }) => keys !== undefined)
      mount.put({ secret: after })
      await expect.poll(warnings).toHaveLength(1)
      expect(warnings()[0]).toMatchObject({
        level: 40,
        keys: [key],
        msg: 'changed secret or certificate files take effect after a restart',
      })
      expect(JSON.stringify(gateway.logLines)).not.toContain(after)
      // What else has changed waits for nothing, and it is said again.
      gateway.rewrite({ ...routeTo(other), replay })
      await expect.poll(async () => (await call(gateway)).body).toBe('other')
      expect(warnings()).toHaveLength(2)
      mount.put({ secret: before })
      const reloads = 'inngest_gateway_config_reloads_total{result="success"} 3'
      await expect.poll(() => gateway.metricsText()).toContain(reloads)
      expect(warnings()).toHaveLength(2)
    },
  )
})
