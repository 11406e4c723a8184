/**
 * The commands of README.md that make the Secrets, and what comes of them: a Valkey (here Redis) with the
 * settings of the ConfigMap and the users of the Secret, and a gateway with the replay of the companion.
 */
// @module-tag redis
// @module-tag kubernetes
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { startNamedApp } from '../support/apps.ts'
import { version } from '../../gateway/version.ts'
import { Cluster, commandIn, type SecretFiles } from '../support/documented-command.ts'

import {
  patient,
  postCall,
  readiness,
  signCall,
  startGatewayProcess,
} from '../support/gateway-process.ts'
import { build, manifestFolder, ofKind, podOf } from '../support/kustomize.ts'
import { startStoreServer, type RedisServer } from '../support/redis-server.ts'

describe('signing keys', () => {
  const cluster = new Cluster()
  afterAll(() => {
    cluster.stop()
  })

  test('are both the same, and in a rotation the new one and the one before', () => {
    const first = cluster.run('signing keys', 'signkey-prod-01\n')
    expect(first).toEqual({
      name: 'inngest-signing-key',
      files: { current: 'signkey-prod-01', fallback: 'signkey-prod-01' },
    })
    const both = cluster.run('rotation', 'signkey-prod-02\n')
    expect(both.files).toEqual({ current: 'signkey-prod-02', fallback: 'signkey-prod-01' })
    const last = cluster.run('signing keys', 'signkey-prod-02\n')
    expect(last.files).toEqual({ current: 'signkey-prod-02', fallback: 'signkey-prod-02' })
  })
})

describe('Valkey', () => {
  const manifests = build('companion')
  const maps = ofKind(manifests, 'ConfigMap')
  const textOf = (name: string, file: string) =>
    maps.find(({ metadata }) => metadata?.name === name)?.data?.[file] ?? ''
  const cluster = new Cluster()
  const folder = mkdtempSync(path.join(tmpdir(), 'valkey-'))
  let secret: SecretFiles
  let server: RedisServer

  beforeAll(() => {
    const made = cluster.run('valkey')
    expect(made.name).toBe('inngest-gateway-valkey')
    secret = made.files
    for (const [name, text] of Object.entries(secret)) writeFileSync(path.join(folder, name), text)
  })

  beforeEach(async () => {
    const lines = textOf('inngest-gateway-valkey', 'valkey.conf').split('\n')
    const settings = lines.filter((line) => line !== '' && !line.startsWith('#'))
    const options = settings.flatMap((line) => {
      const [name = '', value = ''] = line.split(' ')
      const moved = value.replace('/run/secrets/valkey', folder).replaceAll('"', '')
      return [`--${name}`, moved]
    })
    server = await startStoreServer('valkey-server', ...options)
  })
  afterAll(() => {
    cluster.stop()
    rmSync(folder, { recursive: true })
  })

  test('serves a gateway that is configured like the companion', async () => {
    const { replay } = parse(textOf('inngest-gateway', 'config.yaml')) as { replay: object }
    const gateway = await startGatewayProcess((await startNamedApp('app')).url, {
      replay: {
        ...replay,
        url: server.url,
        password: { file: path.join(folder, 'password') },
        coldStart: 'accept',
        timeout: '10s',
      },
    })
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    const call = signCall()
    expect((await postCall(gateway.port, call)).status).toBe(200)
    expect((await postCall(gateway.port, call)).status).toBe(409)
  })

  test('knows nobody else, and the gateway only what it needs', async () => {
    const { password = '' } = secret
    const as = (options: object) => {
      const client = new Redis({ port: server.port, enableReadyCheck: false, ...options })
      return client.on('error', () => undefined)
    }
    const nobody = as({})
    const gateway = as({ username: 'gateway', password })
    try {
      await expect(nobody.ping()).rejects.toThrow('NOAUTH')
      expect(await gateway.ping()).toBe('PONG')
      await expect(gateway.flushall()).rejects.toThrow('NOPERM')
      await expect(gateway.config('SET', 'maxmemory-policy', 'allkeys-lru')).rejects.toThrow(
        'NOPERM',
      )
      await expect(gateway.set('other', '')).rejects.toThrow('NOPERM')
      expect(await gateway.info('memory')).toContain('maxmemory_policy:noeviction')
    } finally {
      nobody.disconnect()
      gateway.disconnect()
    }
  })

  test('is ready by its probe, with the right password only', () => {
    const [container] = podOf(manifests, 'inngest-gateway-valkey').spec.containers
    const command = container?.readinessProbe?.exec?.command ?? []
    const statusWith = (file: string) => {
      const text = command.at(-1) ?? ''
      const here = text
        .replace('/run/secrets/valkey/password', path.join(folder, file))
        .replace('valkey-cli', `redis-cli -p ${String(server.port)}`)
      return spawnSync(command[0] ?? '', [...command.slice(1, -1), here]).status
    }
    expect(statusWith('password')).toBe(0)
    expect(statusWith('users.acl')).not.toBe(0)
  })
})

test.each(['signing keys', 'rotation', 'valkey'])(
  'applies the Secret of "%s" on the server, or an annotation would hold it too',
  (name) => {
    expect(commandIn(name)).toContain('| kubectl apply --server-side -f -\n')
  },
)

test('names remote folders in README.md by the tag of this release', () => {
  const readme = readFileSync(path.join(manifestFolder, 'README.md'), 'utf8')
  const remote = [...readme.matchAll(/https:\/\/\S+\/\/(deploy\/\S+?)(?:\?(\S+))?$/gm)]
  expect(remote.length).toBeGreaterThan(1)
  for (const [, folder = '', query] of remote) {
    expect([statSync(folder).isDirectory(), query]).toEqual([true, `ref=v${version}`])
  }
})

test('keeps keys, passwords and Secrets out of every file of deploy/kubernetes', () => {
  const files = readdirSync(manifestFolder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(manifestFolder, name))
    .filter((file) => statSync(file).isFile())
  const secretive = /signkey-\w|kind: Secret\b|secretGenerator|stringData|BEGIN [A-Z ]*PRIVATE KEY/
  expect(files.filter((file) => secretive.test(readFileSync(file, 'utf8')))).toEqual([])
  expect(files.length).toBeGreaterThan(40)
})

test('names in README.md only folders and files that are there', () => {
  const readme = readFileSync(path.join(manifestFolder, 'README.md'), 'utf8')
  const named = readme.matchAll(
    /(?:deploy\/kubernetes\/)?((?:examples|components)\/[\w./-]*\w|companion\/\S+)/g,
  )
  const paths = [...named].map(([, name = '']) => name)
  expect(paths.length).toBeGreaterThan(10)
  for (const name of paths)
    expect(() => statSync(path.join(manifestFolder, name)), name).not.toThrow()
})
