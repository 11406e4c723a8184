/** The Compose example: what its files say, as the programs that read them do, and who can reach whom. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import {
  addressIn,
  composeFolder,
  exampleKey,
  gatewayConfigFile,
  networksOf,
  readCompose,
  readEnvExample,
  readGatewayConfig,
} from '../support/compose-example.ts'
import { configSchema } from '../../gateway/config/schema/config.ts'
import { readYaml } from '../support/deployed.ts'
import { runProgram } from '../support/program.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'compose-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const { services, networks } = readCompose()
const all = Object.entries(services)
const filledIn = {
  PATH: process.env['PATH'] ?? '',
  ...Object.fromEntries(
    Object.entries(readEnvExample()).map(([name, value]) => [name, value === '' ? 'x' : value]),
  ),
}

describe('the Compose example', () => {
  it(
    'is what Compose takes, with what .env.example names and not without',
    { tags: ['compose'] },
    () => {
      const args = ['-f', `${composeFolder}/compose.yaml`, 'config', '--quiet']
      expect(runProgram('docker-compose', args, { env: filledIn })).toMatchObject({ code: 0 })
      const { code, said } = runProgram('docker-compose', args, {
        env: { ...filledIn, INNGEST_SIGNING_KEY: '' },
      })
      expect(code).not.toBe(0)
      expect(said).toContain('see .env.example')
    },
  )

  it('has a gateway configuration that validates', () => {
    const env = { INNGEST_SIGNING_KEY: exampleKey, VALKEY_PASSWORD: 'x' }
    const args = ['gateway/main.ts', 'validate', '--config', gatewayConfigFile]
    expect(runProgram(process.execPath, args, { env })).toEqual({
      code: 0,
      said: 'ok: 1 route(s), 1 allowed range(s)\n',
    })
  })

  it(
    'has a Prometheus configuration and rules, where they are mounted, that promtool takes',
    { tags: ['prometheus'] },
    () => {
      for (const volume of services['prometheus']?.volumes ?? []) {
        const [from = '', to = ''] = volume.split(':')
        if (from.includes('/')) cpSync(path.join(composeFolder, from), path.join(folder, to))
      }
      const file = path.join(folder, 'etc/prometheus/prometheus.yml')
      const { code, said } = runProgram('promtool', ['check', 'config', file])
      expect(said).toContain('27 rules found')
      expect(code).toBe(0)
      const { scrape_configs } = readYaml(file) as { scrape_configs: { job_name: string }[] }
      expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(['inngest-gateway'])
    },
  )

  it('takes every container all that it does not need', () => {
    for (const [name, service] of all) {
      expect([name, service]).toMatchObject([
        name,
        {
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
        },
      ])
      expect(service.healthcheck?.test.length).toBeGreaterThan(1)
      expect([service.cap_add, service.privileged]).toEqual([undefined, undefined])
      expect(service.image ?? 'built:here').toMatch(/:(?!latest)[\w.-]+$/)
      expect(JSON.stringify(service)).not.toContain('docker.sock')
    }
  })

  it('publishes the gateway, and what else is published on loopback only', () => {
    const published = all.filter(([, { ports }]) => ports !== undefined)
    expect(published.map(([name]) => name)).toEqual(['gateway', 'inngest', 'grafana'])
    for (const [name, { ports }] of published) {
      for (const port of ports ?? []) {
        expect(port).toMatch(name === 'gateway' ? /:8080$/ : /^127\.0\.0\.1:\d+:\d+$/)
      }
    }
    expect(readEnvExample()['GATEWAY_PUBLISH']).toBe('127.0.0.1:8080')
  })

  it('lets nobody reach the app but the gateway', () => {
    const app = services['app']
    const members = (network: string) =>
      all.filter(([, one]) => networksOf(one).includes(network)).map(([name]) => name)
    expect(members('app')).toEqual(['gateway', 'app'])
    // It is in no network from which anything is published.
    for (const network of app === undefined ? [] : networksOf(app)) {
      expect(networks[network]?.internal).toBe(true)
    }
    expect(app?.ports).toBeUndefined()
    // Where others are too, it does not listen.
    expect(app?.environment?.['HOST']).toBe(addressIn(app, 'app'))
    expect(members('store')).toEqual(['gateway', 'valkey'])
    expect(members('ops')).toEqual(['gateway', 'prometheus'])
  })

  it('lets in the address of the server, and tells it the address of the gateway', () => {
    const { gateway, inngest, app } = services
    const config = readGatewayConfig()
    expect(config.allowlist).toEqual([`${addressIn(inngest, 'inngest')}/32`])
    expect(config.ops.host).toBe(addressIn(gateway, 'ops'))
    expect(gateway?.healthcheck?.test).toContain(`http://${config.ops.host}:9090/readyz`)
    const origin = config.routes[0]?.serveOrigin ?? ''
    expect(app?.environment?.['INNGEST_SERVE_ORIGIN']).toBe(origin)
    expect(inngest?.command).toContain(`--sdk-url=${origin}/api/inngest`)
  })

  it('holds no secret, and says how to make each', () => {
    const text = readFileSync(`${composeFolder}/compose.yaml`, 'utf8')
    const wanted = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name))
    const given = readEnvExample()
    expect([...wanted].filter((name) => !(name in given))).toEqual([])
    for (const [name, value] of Object.entries(given)) {
      if (/KEY|PASSWORD/.test(name)) expect([name, value]).toEqual([name, ''])
    }
    expect(readFileSync('.gitignore', 'utf8').split('\n')).toContain('.env')
  })

  it('gives the gateway the time that it takes to stop, and the app the SDK that is tested', () => {
    const { shutdown } = readYaml('config/gateway.yaml') as { shutdown: object }
    const { delay, drainTimeout } = configSchema.shape.shutdown.parse(shutdown)
    const graceMs = Number.parseInt(services['gateway']?.stop_grace_period ?? '0') * 1000
    expect(graceMs).toBeGreaterThan(delay + drainTimeout)
    const dependenciesIn = (file: string) =>
      JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>
    expect(dependenciesIn(`${composeFolder}/app/package.json`)['dependencies']).toEqual({
      inngest: dependenciesIn('package.json')['devDependencies']?.['inngest'],
    })
  })
})
