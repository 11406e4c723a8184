/** What `npm pack` makes can be installed without network, and is the gateway. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'

import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  postCall,
  processKey,
  readiness,
  signCall,
  startGatewayProcess,
} from '../support/gateway-process.ts'
import { packAndInstall, type InstalledPackage } from '../support/packed.ts'
import { startQuickStart } from '../support/quick-start.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { signatureHeader } from '../support/sender.ts'

let installed: InstalledPackage

beforeAll(() => {
  installed = packAndInstall()
}, 120_000)

afterAll(() => {
  installed.remove()
})

const shipped = (file: string) => readFileSync(path.join(installed.folder, file), 'utf8')

/** By its name alone, as a shell finds it. */
function runCommand(args: readonly string[], env: Record<string, string> = {}) {
  const PATH = `${path.dirname(installed.command)}:${process.env['PATH'] ?? ''}`
  return spawnSync('sh', ['-c', 'inngest-gateway "$@"', 'sh', ...args], {
    encoding: 'utf8',
    env: { ...env, PATH },
  })
}

const configFor = (upstream: string) =>
  stringify({
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: ['127.0.0.1'],
    shutdown: { delay: '0s' },
    routes: [{ name: 'app', upstream, signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }] }],
  })

describe('the archive', () => {
  it('holds the build, the files of config/, and what says who may use it', () => {
    const files = readdirSync(installed.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.relative(installed.folder, path.join(parentPath, name)))
    const own = files.filter((file) => !/^dist\/[^/]+\.js$/.test(file))
    expect(own.toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'config/gateway.schema.json',
      'config/gateway.yaml',
      'config/inngest-ranges.yaml',
      'config/sdk-advisories.yaml',
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/page.css',
      'dist/sbom.cdx.json',
      'package.json',
    ])
    expect(files).toContain('dist/main.js')
  })

  it('needs no other package, and names the license of each that is inside', () => {
    const { dependencies, publishConfig } = JSON.parse(shipped('package.json')) as {
      dependencies?: object
      publishConfig: object
    }
    expect(dependencies).toBeUndefined()
    expect(publishConfig).toEqual({ access: 'public', provenance: true })
    const notices = shipped('dist/THIRD-PARTY-NOTICES.txt')
    for (const name of ['@opentelemetry/api', 'commander', 'ioredis', 'pino', 'yaml', 'zod']) {
      expect(notices).toMatch(new RegExp(`^${name} [\\d.]+\nLicense: \\S+\n\n.*\\S`, 'm'))
    }
  })
})

interface Sbom {
  readonly metadata: { readonly component: object }
  readonly components: readonly {
    readonly name: string
    readonly group?: string
    readonly version: string
    readonly purl: string
    readonly hashes: readonly { readonly alg: string }[]
    readonly licenses: readonly object[]
  }[]
}

/** Name and version of each package that a source map of the build names. */
function bundledPackages(): string[] {
  const maps = globSync('dist/*.map').map((file) => readFileSync(file, 'utf8'))
  const sources = maps.flatMap((map) => (JSON.parse(map) as { sources: string[] }).sources)
  const folders = sources.flatMap(
    (source) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? [],
  )
  return [...new Set(folders)]
    .map((folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as object)
    .map((manifest) => ({ name: '', version: '', ...manifest }))
    .map(({ name, version }) => `${name}@${version}`)
    .toSorted()
}

describe('the bill of materials', () => {
  it('fits the schema of CycloneDX', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
    expect(await validator.validate(shipped('dist/sbom.cdx.json'))).toBeNull()
  })

  it('has every package that is in the build, with its license and hash, and no other', () => {
    const { metadata, components } = JSON.parse(shipped('dist/sbom.cdx.json')) as Sbom
    const { version } = JSON.parse(shipped('package.json')) as { version: string }
    expect(metadata.component).toMatchObject({ name: 'inngest-gateway', version })
    const named = components.map(({ group, name, version }) =>
      group === undefined ? `${name}@${version}` : `${group}/${name}@${version}`,
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.toSorted()).toEqual(bundledPackages())
    expect(components.map(({ purl }) => decodeURIComponent(purl).slice('pkg:npm/'.length))).toEqual(
      named,
    )
    for (const { hashes, licenses } of components) {
      expect([hashes.map(({ alg }) => alg), licenses.length]).toEqual([['SHA-512'], 1])
    }
  })
})

describe('the installed command', () => {
  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(runCommand(['version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('validates a configuration, with the ranges that are shipped', () => {
    const mount = mountSecret({ 'gateway.yaml': configFor('http://127.0.0.1:1') })
    const file = ['--config', mount.fileOf('gateway.yaml'), '--set', 'allowlist[0]=inngest']
    const env = { INNGEST_SIGNING_KEY: processKey }
    const { status, stdout, stderr } = runCommand(['validate', ...file], env)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^ok: 1 route\(s\), \d+ allowed range\(s\)\n$/)
  })

  it.each([1, 2])('admits a signed call once with %i worker(s)', async (workers) => {
    const app = await startNamedApp('app')
    const gateway = await startGatewayProcess(app.url, { workers }, {}, [], installed.command)
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    const call = signCall()
    const admitted = await postCall(gateway.port, call)
    expect(admitted).toMatchObject({ status: 200, body: 'app' })
    const copies = await Promise.all(Array.from({ length: 20 }, () => postCall(gateway.port, call)))
    expect(new Set(copies.map(({ status }) => status))).toEqual(new Set([409]))
    expect(app.requests).toHaveLength(1)
    gateway.child.kill('SIGTERM')
    expect(await gateway.ended).toBe(0)
  })

  it('runs from just what the image holds of the build', async () => {
    const [, final = ''] =
      /^FROM \S+ AS app$([^]*?)^FROM /m.exec(readFileSync('Dockerfile', 'utf8')) ?? []
    const copied = [...final.matchAll(/^COPY (?:--from=build \/app\/)?([\w.]+) \.\/\1?$/gm)]
    const names = copied.map(([, name = '']) => name)
    expect(names.toSorted()).toEqual(['config', 'dist', 'package.json'])
    const image = path.join(installed.folder, '../image')
    for (const name of names) {
      cpSync(path.join(installed.folder, name), path.join(image, name), { recursive: true })
    }
    const app = await startNamedApp('app')
    const main = path.join(image, 'dist/main.js')
    const gateway = await startGatewayProcess(app.url, {}, {}, [], main)
    expect((await postCall(gateway.port)).status).toBe(200)
  })

  it('brings a long body into canonical form in a thread', async () => {
    const app = await startNamedApp('app')
    const gateway = await startGatewayProcess(app.url, {}, {}, [], installed.command)
    const canonical = `{"ctx":{"run_id":"package"},"event":"${'x'.repeat(100_000)}"}`
    const signature = signatureHeader(processKey, canonical, Math.floor(Date.now() / 1000))
    const body = canonical.replace('{', '{ ')
    expect((await postCall(gateway.port, { body, signature })).status).toBe(200)
  })

  it('shows the status page', async () => {
    const ops = { host: '127.0.0.1', port: 0, statusPage: { enabled: true } }
    const gateway = await startGatewayProcess(
      'http://127.0.0.1:1',
      { ops },
      {},
      [],
      installed.command,
    )
    const { status, body } = await gateway.ops('/status')
    expect(status).toBe(200)
    expect(body).toContain(readFileSync('gateway/ops/status/page.css', 'utf8'))
  })

  it('says on an old Node which one it needs', { tags: ['old-node'] }, () => {
    const { status, stdout, stderr } = spawnSync('nodejs', [installed.command, 'version'], {
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^inngest-gateway needs Node 24 from [\d.]+ or Node 26 from [\d.]+; this is Node [\d.]+\.\n$/,
    )
  })
})

describe('the quick start of the README', () => {
  it('fetches the package by its name in an empty folder, and admits a signed call once', async () => {
    const app = await startNamedApp('app')
    // Its ports are free ones, and this machine is in the place of Inngest.
    const options = "--port 0 --set ops.port=0 --set 'allowlist[0]=127.0.0.1'"
    const gateway = await startQuickStart(installed.archive, app.url, options)
    expect(gateway.files).toEqual([])
    const status = async (call = signCall()) => (await postCall(gateway.port, call)).status
    await expect.poll(() => status(), patient).toBe(200)
    const call = signCall()
    expect([await status(call), await status(call)]).toEqual([200, 409])
    expect(await status({ ...call, signature: 't=1&s=00' })).toBe(401)
    expect(app.requests.at(-1)?.body).toBe(call.body)
  })
})

describe('a plain start of the package', () => {
  /** @returns what the preloaded program says when the gateway has stopped. */
  async function recordedBy(preloaded: string): Promise<string[]> {
    const mount = mountSecret({ 'gateway.yaml': configFor('http://127.0.0.1:1') })
    const run = [installed.command, 'run', '--config', mount.fileOf('gateway.yaml')]
    const child = spawn(process.execPath, ['--import', `./test/support/${preloaded}`, ...run], {
      env: { INNGEST_SIGNING_KEY: processKey },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stderr = child.stderr.setEncoding('utf8').toArray()
    child.stdout.once('data', () => child.kill('SIGINT'))
    await once(child, 'close')
    return JSON.parse((await stderr).join('')) as string[]
  }

  it('loads only the parts that it needs', async () => {
    const parts = (await recordedBy('record-loads.ts'))
      .filter((url) => url.includes('/dist/'))
      .map((url) => `dist/${path.basename(url)}.map`)
    // That of the bundler's own part has none.
    const maps = parts.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))
    expect(maps.length).toBeGreaterThan(10)
    const sources = maps.flatMap((map) => (JSON.parse(map) as { sources: string[] }).sources)
    const packages = new Set(
      sources.map((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1]),
    )
    packages.delete(undefined)
    expect([...packages].filter((name) => name?.startsWith('@opentelemetry/'))).toEqual([
      // prom-client's own import.
      '@opentelemetry/api',
    ])
    expect(packages).not.toContain('ioredis')
    expect(packages).toContain('pino')
  })

  it('loads nothing of Node that the names of an import alone would load', async () => {
    const loaded = await recordedBy('record-builtins.ts')
    expect(loaded).toContain('NativeModule http')
    expect(loaded.filter((name) => /undici|NativeModule (?:https|zlib)$/.test(name))).toEqual([])
  })
})
