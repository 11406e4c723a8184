/**
 * A start loads only what its configuration needs. What is large and seldom needed must not become
 * part of every start again, which nobody would notice but in milliseconds.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'

import { sendRaw } from '../support/raw.ts'
import { mountSecret } from '../support/secret-mount.ts'

const KEY = 'signkey-test-12345678123456781234567812345678'
const upstream = 'http://127.0.0.1:1'
const base = {
  listen: { host: '127.0.0.1', port: 0 },
  ops: { host: '127.0.0.1', port: 0 },
  allowlist: ['127.0.0.1'],
  shutdown: { delay: '0s' },
  routes: [{ name: 'app', upstream, signingKeys: [{ env: 'KEY' }] }],
}
/** Reaches the app's route, or that of the page. Nothing listens there. */
const REQUEST = 'GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const page = { name: 'page', policy: 'passthrough', path: '/page', upstream }

/** Each with what only it may load: packages, and modules of the gateway's own. */
const ways = {
  redis: ['ioredis', 'replay/redis/create-store.ts'],
  tracing: ['@opentelemetry/sdk-trace-base', '@opentelemetry/exporter-trace-otlp-http'],
  workers: ['workers/primary.ts', 'workers/worker.ts'],
  otherCommands: ['cli/explain.ts', 'cli/ips.ts', 'cli/verify.ts'],
}
const seldom = Object.values(ways).flat()

/** Traffic is carried by the gateway's own code (gateway/wire). */
const clientsOfOthers = ['http-proxy-3', 'undici']

const children: ReturnType<typeof spawn>[] = []
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})

/** @returns packages and own modules that had been loaded when it stopped, which was after a request. */
async function loadedBy(config: object, env: Record<string, string> = {}): Promise<Set<string>> {
  const mount = mountSecret({ 'gateway.yaml': stringify({ ...base, ...config }) })
  const recorder = ['--import', './test/support/record-loads.ts']
  const run = ['gateway/main.ts', 'run', '--config', mount.fileOf('gateway.yaml')]
  const child = spawn(process.execPath, [...recorder, ...run], {
    env: { KEY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const stderr = child.stderr.setEncoding('utf8').toArray()
  for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    const [, port] = /"listen":"127\.0\.0\.1:(\d+)"/.exec(text) ?? []
    if (port === undefined) continue
    await sendRaw(Number(port), REQUEST)
    child.kill('SIGINT')
  }
  await once(child, 'close')
  const urls = JSON.parse((await stderr).join('')) as string[]
  return new Set(urls.map(nameOf))
}

const gatewayFolder = new URL('../../gateway/', import.meta.url).href

function nameOf(url: string): string {
  const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  return name ?? url.replace(gatewayFolder, '')
}

describe('a start', () => {
  it.each([
    ['a plain configuration', {}, {}, []],
    ['a passthrough route', { routes: [...base.routes, page] }, {}, []],
    ['a shared store', { replay: { store: 'redis', url: 'redis://127.0.0.1:1' } }, {}, ways.redis],
    ['tracing', {}, { OTEL_TRACES_EXPORTER: 'otlp' }, ways.tracing],
  ])('loads, for %s, nothing that only others need', async (_name, config, env, own) => {
    const loaded = await loadedBy(config, env)
    expect(seldom.filter((name) => loaded.has(name))).toEqual(own)
    expect(clientsOfOthers.filter((name) => loaded.has(name))).toEqual([])
    expect(loaded).toContain('pino')
    expect(loaded).toContain('forward/upstream-pool.ts')
  })

  it('is held against modules that exist', () => {
    const gone = seldom.filter((name) => name.endsWith('.ts') && !existsSync(`gateway/${name}`))
    expect(gone).toEqual([])
  })
})
