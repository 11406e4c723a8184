/** The real process: exit codes, health, draining, and the installation that the image has. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

import { sendRaw, statusOf } from '../support/raw.ts'
import { send, signatureHeader } from '../support/sender.ts'

const key = 'signkey-test-12345678123456781234567812345678'
const main = path.resolve('gateway/main.ts')
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-process-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})

function cli(args: string[], env: Record<string, string> = {}, input = '') {
  return spawnSync(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    input,
    encoding: 'utf8',
  })
}

interface ProcessOptions {
  readonly drainTimeout?: string
  readonly delay?: string
  readonly env?: Record<string, string>
}

async function startProcess(
  program: string,
  upstream: string,
  { drainTimeout = '5s', delay = '0s', env = {} }: ProcessOptions = {},
) {
  const file = path.join(folder, `gateway-${String(children.length)}.yaml`)
  writeFileSync(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
ops: { host: 127.0.0.1, port: 0 }
allowlist: [127.0.0.1]
replay: { coldStart: accept }
shutdown: { delay: ${delay}, drainTimeout: ${drainTimeout} }
routes: [{ name: app, upstream: "${upstream}", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
  )
  const child = spawn(process.execPath, [program, 'run', '--config', file], {
    env: { INNGEST_SIGNING_KEY: key, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  // At its exit the last lines may not have been read yet.
  const exit = once(child, 'close')
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const [first] = (await once(reader, 'line')) as [string]
  const started = JSON.parse(first) as { listen: string; ops: string }
  const portOf = (text: string) => Number(text.split(':').at(-1))
  return { child, exit, lines, port: portOf(started.listen), opsPort: portOf(started.ops) }
}

async function startApp(handler: (response: ServerResponse, url: string) => void): Promise<string> {
  const app = createServer((request, response) => {
    request.resume().on('end', () => {
      handler(response, request.url ?? '')
    })
  })
  app.listen(0, '127.0.0.1').unref()
  await once(app, 'listening')
  return `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
}

function signedCall(port: number, id: string, query = '') {
  const body = `{"ctx":{"request_id":"${id}","run_id":"run"}}`
  return send({
    port,
    target: `/api/inngest?fnId=f${query}`,
    body,
    headers: { 'x-inngest-signature': signatureHeader(key, body, Math.floor(Date.now() / 1000)) },
  })
}

async function readiness(port: number): Promise<number> {
  return (await send({ port, method: 'GET', target: '/readyz' })).status
}

describe('the process', () => {
  it.each([
    [['run'], 'give --config FILE, or --upstream URL'],
    [['run', '--upstream', 'http://127.0.0.1:1'], 'INNGEST_SIGNING_KEY'],
    [['run', '--config', '/nonexistent'], 'expected a readable file'],
    [['validate', '--upstream', 'nowhere'], 'routes[0].upstream'],
    [['nonsense'], 'unknown command'],
    [['run', '--nonsense'], 'unknown option'],
  ])('ends %j with 2 and says why', (args, message) => {
    const { status, stderr } = cli(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(message) as string])
  })

  it('validates, signs and verifies', () => {
    const env = { INNGEST_SIGNING_KEY: key }
    expect(cli(['validate', '--upstream', 'http://127.0.0.1:1'], env)).toMatchObject({
      status: 0,
      stdout: 'ok: 1 route(s), 9 allowed range(s)\n',
      stderr: '',
    })
    const header = cli(
      ['sign', '--header-only', '--body', '-'],
      env,
      '{"b":1, "a":2}',
    ).stdout.trim()
    const verified = (input: string) =>
      cli(['verify', '--header', header, '--body', '-'], env, input)
    expect(verified('{"b":1, "a":2}')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('RFC 8785 form') as string,
    })
    expect(verified('{"b":1,"a":3}')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('signature_mismatch') as string,
    })
    expect(cli(['version']).stdout).toBe('0.1.0\n')
    expect(cli(['healthcheck', '--url', 'http://127.0.0.1:1/readyz']).status).toBe(1)
  })

  it('warns of a key that is not one of Inngest’s, and validates all the same', () => {
    const { status, stdout, stderr } = cli(['validate', '--upstream', 'http://127.0.0.1:1'], {
      INNGEST_SIGNING_KEY: '/home/somebody',
    })
    expect([status, stdout]).toEqual([0, 'ok: 1 route(s), 9 allowed range(s)\n'])
    expect(stderr).toBe(
      'warning: a signing key is not one that Inngest makes (key: env:INNGEST_SIGNING_KEY; expected: hexadecimal digits, an even number of at least 32)\n',
    )
  })

  it('ends with 1 when a port is taken, and serves nothing meanwhile', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const file = path.join(folder, 'taken.yaml')
    writeFileSync(
      file,
      `listen: { host: 127.0.0.1, port: 0 }
ops: { host: 127.0.0.1, port: ${String((taken.address() as AddressInfo).port)} }
routes: [{ name: app, upstream: "http://127.0.0.1:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
    )
    const { status, stderr } = cli(['run', '--config', file], { INNGEST_SIGNING_KEY: key })
    expect([status, stderr]).toEqual([1, expect.stringContaining('already in use') as string])
    taken.close()
  })

  it('is ready, then drains: the call in flight ends, no new one is taken, exit 0', async () => {
    let finish = () => {}
    const { promise: reached, resolve } = Promise.withResolvers<undefined>()
    const app = await startApp((response) => {
      finish = () => response.end('done')
      resolve(undefined)
    })
    const gateway = await startProcess(main, app)
    expect(
      cli(['healthcheck', '--url', `http://127.0.0.1:${String(gateway.opsPort)}/readyz`]).status,
    ).toBe(0)
    const call = signedCall(gateway.port, 'long')
    await reached
    gateway.child.kill('SIGTERM')
    await expect.poll(() => readiness(gateway.opsPort)).toBe(503)
    expect((await send({ port: gateway.opsPort, method: 'GET', target: '/healthz' })).status).toBe(
      200,
    )
    await expect(signedCall(gateway.port, 'late')).rejects.toThrow('ECONNREFUSED')
    finish()
    expect(await call).toMatchObject({ status: 200, body: 'done' })
    expect((await gateway.exit)[0]).toBe(0)
  })

  it('is stopped under load with a long step running, and loses nothing', async () => {
    let finish = () => {}
    const { promise: reached, resolve } = Promise.withResolvers<undefined>()
    const app = await startApp((response, url) => {
      if (url.includes('stepId=long')) {
        finish = () => response.end('long done')
        resolve(undefined)
      } else response.end('ok')
    })
    const gateway = await startProcess(main, app, { drainTimeout: '1m', delay: '5s' })
    const long = signedCall(gateway.port, 'long', '&stepId=long')
    await reached
    let left = Infinity
    const answers: { status: number; connection: string | undefined }[] = []
    const callOn = async (caller: number) => {
      for (let i = 0; left > 0; i += 1) {
        const { status, headers } = await signedCall(gateway.port, `${String(caller)}-${String(i)}`)
        answers.push({ status, connection: headers.connection })
        left -= 1
      }
    }
    const callers = Array.from({ length: 4 }, (_, i) => callOn(i))
    await expect.poll(() => answers.length).toBeGreaterThan(20)
    gateway.child.kill('SIGTERM')
    await expect.poll(() => readiness(gateway.opsPort)).toBe(503)
    // A load balancer takes a while to notice, and is served meanwhile.
    left = 40
    await Promise.all(callers)
    expect(answers.at(-1)?.connection).toBe('close')
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const late = () => signedCall(gateway.port, 'late').catch((error: unknown) => String(error))
    await expect.poll(late, { timeout: 20_000 }).toContain('ECONNREFUSED')
    expect(gateway.child.exitCode).toBe(null)
    finish()
    expect(await long).toMatchObject({ status: 200, body: 'long done' })
    expect((await gateway.exit)[0]).toBe(0)
    console.log(`${String(answers.length)} calls while stopping, all of them answered`)
  }, 60_000)

  it('says what it is waiting for while it drains, and what it cut off', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<undefined>()
    const app = await startApp(() => {
      resolve(undefined)
    })
    const gateway = await startProcess(main, app, { drainTimeout: '1500ms' })
    const call = signedCall(gateway.port, 'stuck').catch(() => 'cut')
    await reached
    gateway.child.kill('SIGTERM')
    expect((await gateway.exit)[0]).toBe(0)
    expect(await call).toBe('cut')
    const lines = gateway.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'draining', requests_in_flight: 1 }),
    )
    const msg = 'stopped; some requests were aborted after shutdown.drainTimeout'
    expect(lines).toContainEqual(expect.objectContaining({ msg, requests_aborted: 1 }))
  })

  it('does not wait for a load balancer when somebody presses Ctrl-C', async () => {
    const gateway = await startProcess(main, 'http://127.0.0.1:1', { delay: '10m' })
    gateway.child.kill('SIGINT')
    expect((await gateway.exit)[0]).toBe(0)
  })

  it('reads its configuration anew on SIGHUP', async () => {
    const gateway = await startProcess(main, await startApp((response) => response.end('ok')))
    gateway.child.kill('SIGHUP')
    await expect
      .poll(() => gateway.lines.join('\n'))
      .toMatch(/"trigger":"signal".*configuration reloaded/)
    expect((await signedCall(gateway.port, 'after')).status).toBe(200)
  })

  it('ends at once on a second signal', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<undefined>()
    const app = await startApp(() => {
      resolve(undefined)
    })
    const gateway = await startProcess(main, app, { drainTimeout: '10m' })
    const call = signedCall(gateway.port, 'stuck').catch(() => 'cut')
    await reached
    gateway.child.kill('SIGTERM')
    await expect.poll(() => readiness(gateway.opsPort)).toBe(503)
    gateway.child.kill('SIGTERM')
    expect((await gateway.exit)[0]).toBe(1)
    expect(await call).toBe('cut')
  })

  it('parses strictly whatever NODE_OPTIONS says', async () => {
    const lenient = { NODE_OPTIONS: '--insecure-http-parser' }
    const { port } = await startProcess(main, 'http://127.0.0.1:1', { env: lenient })
    const answer = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Any: a\x01b\r\n\r\n')
    expect(statusOf(answer)).toBe(400)
  })
})
