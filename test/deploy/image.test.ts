/** The image that the Dockerfile makes, built and run by Debian's Docker on stand-ins for its bases. */
// @module-tag docker
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'

import { runLoad } from '../support/docker/load.ts'
import { IMAGE, startDocker, type Docker } from '../support/docker/docker.ts'
import { startStack, type Stack } from '../support/docker/compose-stack.ts'
import { filesOf, type ImageFile } from '../support/docker/image-files.ts'
import { patient, processKey, signCall } from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'

const REVISION = '0123456789abcdef0123456789abcdef01234567'
const NODE = '/nodejs/bin/node'
const HOST = '10.231.250.2'
const APP = '10.231.250.3'
const QUICK_START = '10.231.250.5'

/** Holds each request for a while, and counts those that it has responded to. */
const appProgram = `let count = 0
require('node:http').createServer((request, response) => {
  if (request.url === '/count') return response.end(String(count))
  request.resume().on('end', () => setTimeout(() => { count += 1; response.end('app') }, 200))
}).listen(3000)`

const folder = mkdtempSync(path.join(tmpdir(), 'image-'))
let docker: Docker
let files: readonly ImageFile[]

/** As docs/how-to/deploy-docker.md starts it. */
function startGateway(name: string, address: string, ...options: readonly string[]): void {
  const hardened = ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', ...options]
  const network = ['--network', 'inngest', '--ip', address]
  const mount = ['--volume', `${folder}:/etc/inngest-gateway:ro`]
  const key = ['--env', `INNGEST_SIGNING_KEY=${processKey}`]
  const all = [...network, ...mount, ...key, ...hardened]
  docker.run(['run', '--detach', '--name', name, '--stop-timeout', '30', ...all, IMAGE])
}

const exec = (name: string, ...command: readonly string[]) =>
  docker.attempt(['exec', name, NODE, ...command])

async function whenReady(name: string): Promise<void> {
  for (let tries = 0; exec(name, '/app/dist/main.js', 'healthcheck').code !== 0; tries += 1) {
    if (tries === 100) throw new Error(`not ready: ${docker.run(['logs', name])}`)
    await sleep(100)
  }
}

const inspect = (name: string, format: string) =>
  docker.run(['inspect', '--format', `{{json ${format}}}`, name])

const post = (call: { body: string; signature?: string }, host = HOST) =>
  send({
    host,
    port: 8080,
    body: call.body,
    headers: call.signature === undefined ? {} : { 'x-inngest-signature': call.signature },
  })

beforeAll(async () => {
  chmodSync(folder, 0o755)
  writeFileSync(
    path.join(folder, 'config.yaml'),
    stringify({
      // The bridge, from which a request of this machine comes.
      allowlist: ['10.231.250.1/32'],
      replay: { coldStart: 'accept' },
      shutdown: { delay: '500ms' },
      routes: [
        {
          name: 'billing',
          upstream: `http://${APP}:3000`,
          signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }],
        },
      ],
    }),
  )
  docker = await startDocker()
  docker.standIn(['stand-in/node', 'stand-in/runtime'])
  const bases = ['NODE_IMAGE=stand-in/node', 'RUNTIME_IMAGE=stand-in/runtime']
  docker.build('.', IMAGE, [...bases, `REVISION=${REVISION}`])
  files = filesOf(docker, IMAGE)
  docker.run(['network', 'create', '--subnet', '10.231.250.0/24', 'inngest'])
  const app = ['--network', 'inngest', '--ip', APP, '--entrypoint', NODE, IMAGE]
  docker.run(['run', '--detach', '--name', 'app', ...app, '--eval', appProgram])
  const began = performance.now()
  startGateway('gateway', HOST, '--read-only', '--volume', 'ranges:/var/lib/inngest-gateway')
  await whenReady('gateway')
  const tookMs = performance.now() - began
  console.log(`The container was ready ${tookMs.toFixed(0)} ms after docker run.`)
}, 600_000)

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await (docker as Docker | undefined)?.stop()
}, 300_000)

describe('the image', () => {
  it('holds Node, the build and the configuration, without a shell or a package manager', () => {
    const names = files.map(({ name }) => name)
    const programs = /(?:^|\/)(?:sh|bash|dash|busybox|npm|npx|corepack|apt|dpkg)$/
    expect(names.filter((name) => programs.test(name))).toEqual([])
    expect(names.filter((name) => /(?:^|\/)node_modules\/|\.(?:ts|map)$/.test(name))).toEqual([])
    const inApp = names.filter((name) => /^app\/[^/]+\/?$/.test(name))
    expect(inApp.toSorted()).toEqual(['app/config/', 'app/dist/', 'app/package.json'])
    expect(names).toEqual(expect.arrayContaining(['nodejs/bin/node', 'nodejs/LICENSE']))
    const megabytes = Number(inspect(IMAGE, '.Size')) / 1e6
    console.log(`The image has ${megabytes.toFixed(0)} MB, with libraries of this machine.`)
    expect(megabytes).toBeLessThan(160)
  })

  it('has one folder that its user can write, which is for a volume, besides temporary ones', () => {
    const ofUser = files.filter(({ owner }) => owner !== '0/0')
    expect(ofUser).toEqual([
      { name: 'var/lib/inngest-gateway/', owner: '65532/65532', mode: 'drwxr-xr-x' },
    ])
    // Symbolic links have no mode of their own.
    const writable = files.filter(({ mode }) => mode[8] === 'w' && !mode.startsWith('l'))
    expect(writable.map(({ name, mode }) => [name, mode])).toEqual([
      ['tmp/', 'drwxrwxrwt'],
      ['var/tmp/', 'drwxrwxrwt'],
    ])
    expect(inspect(IMAGE, '.Config.User')).toBe('"65532:65532"')
  })

  it('is labeled with its source, version and revision', () => {
    expect(JSON.parse(inspect(IMAGE, '.Config.Labels'))).toEqual({
      'org.opencontainers.image.title': 'inngest-gateway',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.source': 'https://github.com/inngest-gateway/inngest-gateway',
      'org.opencontainers.image.version': docker.run(['run', '--rm', IMAGE, 'version']),
      'org.opencontainers.image.revision': REVISION,
    })
  })

  it('uses what Node has compiled before', () => {
    const debug = ['--env', 'NODE_DEBUG_NATIVE=COMPILE_CACHE']
    const { said } = docker.attempt(['run', '--rm', ...debug, IMAGE, 'version'])
    expect(said).toMatch(/main\.js was accepted/)
  })
})

describe('the container', () => {
  it('admits a signed request once, and refuses an unsigned one', async () => {
    const call = signCall()
    expect(await post(call)).toMatchObject({ status: 200, body: 'app' })
    expect((await post(call)).status).toBe(409)
    expect((await post({ body: '{}' })).status).toBe(401)
  })

  it('can write to the volume, and to nothing of its own without a read-only root', () => {
    const write = (name: string, file: string) =>
      exec(name, '--eval', `fs.writeFileSync('${file}', '')`).code
    expect(write('gateway', '/var/lib/inngest-gateway/file')).toBe(0)
    startGateway('writable', '10.231.250.4')
    for (const file of ['app/package.json', 'app/dist/main.js', 'app/new', 'compiled/new', 'new']) {
      expect([file, write('writable', `/${file}`)]).toEqual([file, 1])
    }
    expect(write('writable', '/home/nonroot/new')).toBe(1)
    docker.run(['rm', '--force', 'writable'])
  })

  it('starts as the quick start of the README says', async () => {
    const readme = readFileSync('README.md', 'utf8')
    const [, yaml = '', build, run = ''] =
      /\*\*Container\.\*\*.*?```yaml\n(.*?)```\n+```sh\n(.*?)\n(.*?)```/s.exec(readme) ?? []
    expect(build).toBe('docker build -t inngest-gateway .')
    docker.run(['tag', IMAGE, 'inngest-gateway'])
    const conf = path.join(folder, 'conf')
    mkdirSync(conf)
    writeFileSync(path.join(conf, 'config.yaml'), yaml)
    // In the network of these tests instead of on a port of this machine.
    const options = [
      '--detach',
      '--name',
      'quick-start',
      '--network',
      'inngest',
      '--ip',
      QUICK_START,
    ]
    const command = run.replace('-p 8080:8080', options.join(' '))
    expect(command).not.toBe(run)
    const env = { ...docker.environment, INNGEST_SIGNING_KEY: processKey }
    const started = spawnSync('bash', ['-c', command], { cwd: folder, env, encoding: 'utf8' })
    expect([started.status, started.stderr]).toEqual([0, ''])
    await whenReady('quick-start')
    expect((await post(signCall(), QUICK_START)).status).toBe(403)
    docker.run(['rm', '--force', 'quick-start'])
  })

  it('becomes healthy by its own check', async () => {
    const health = () => inspect('gateway', '.State.Health.Status')
    await expect.poll(health, { timeout: 60_000 }).toBe('"healthy"')
  }, 90_000)

  it('ends with 0 after SIGTERM under load, and finishes each request that it took', async () => {
    const countOfApp = async () => {
      const { body } = await send({ host: APP, port: 3000, method: 'GET', target: '/count' })
      return Number(body)
    }
    const statuses = () => {
      const lines = docker.run(['logs', 'gateway']).split('\n')
      const entries = lines.map((line) => JSON.parse(line) as { msg: string; status?: number })
      return entries.filter(({ msg }) => msg === 'request').map(({ status }) => status)
    }
    const before = { count: await countOfApp(), logged: statuses().length }
    const load = runLoad(() => post(signCall()))
    await expect.poll(() => load.admitted(), patient).toBeGreaterThan(40)
    await docker.runMeanwhile(['stop', 'gateway'])
    const { admitted, others } = await load.end()
    expect(inspect('gateway', '.State.ExitCode')).toBe('0')
    // What the kernel had accepted when the listener was closed, and the gateway never saw.
    expect(Object.keys(others).filter((end) => end !== 'ECONNRESET')).toEqual([])
    expect(await countOfApp()).toBe(before.count + admitted)
    expect(statuses().slice(before.logged)).toEqual(Array<number>(admitted).fill(200))
  }, 120_000)
})

describe('the example of deploy/compose', { tags: ['compose', 'redis', 'prometheus'] }, () => {
  let stack: Stack
  beforeAll(() => {
    stack = startStack(docker)
  }, 300_000)
  afterAll(() => {
    ;(stack as Stack | undefined)?.stop()
  }, 120_000)

  it('starts as a whole, each container healthy', async () => {
    const all = () => stack.services.map((service) => [service, stack.healthOf(service)])
    const healthy = stack.services.map((service) => [service, 'healthy'])
    await expect.poll(all, { timeout: 90_000, interval: 1000 }).toEqual(healthy)
  }, 120_000)

  it('runs a function through the gateway, and lets no other client reach the app', async () => {
    const event = '{"name":"shop/order.placed","data":{"orderId":"1"}}'
    const server = { host: '10.231.1.10', port: 8288, target: '/e/event-key', body: event }
    // The store has to know of the start of the gateway before a request is admitted.
    const lastOf = async () => {
      const calls = JSON.parse((await send(server)).body) as { status: number; text: string }[]
      return calls.at(-1)
    }
    const lastText = async () => (await lastOf())?.text
    await expect
      .poll(lastText, { timeout: 60_000, interval: 1000 })
      .toMatch(/"op":"RunComplete".*"receipt of 1"/)
    expect((await post(signCall(), '10.231.1.2')).status).toBe(403)
  }, 90_000)

  it('lets Prometheus read the metrics', async () => {
    const query = 'http://127.0.0.1:9090/api/v1/query?query=up'
    const up = () => stack.exec('prometheus', 'wget', '-q', '-O', '-', query)
    await expect
      .poll(up, { timeout: 60_000, interval: 1000 })
      .toMatch(/"job":"inngest-gateway".*"value":\[[\d.]+,"1"\]/)
  }, 90_000)
})
