/** Spans over OTLP/HTTP to a collector, from the real process; and none where nobody asks. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'

import { isTracingAskedFor, otlpProblems } from '../../gateway/record/otlp-environment.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send, signatureHeader } from '../support/sender.ts'

const key = 'signkey-test-12345678123456781234567812345678'
const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly parentSpanId?: string
  readonly spanId: string
  readonly attributes: { key: string; value: unknown }[]
}

async function listen(
  /** May return another status than 200. */
  onRequest: (url: string, body: string, fields: NodeJS.Dict<unknown>) => number | undefined,
) {
  const server = createServer((request, response) => {
    let body = ''
    request
      .on('data', (chunk: Buffer) => (body += chunk.toString()))
      .on('end', () => {
        response.statusCode = onRequest(request.url ?? '', body, request.headers) ?? 200
        response.setHeader('content-type', 'application/json')
        response.end('{}')
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

async function startGateway(upstream: string, env: Record<string, string>) {
  const mount = mountSecret({
    'gateway.yaml': `listen: { host: 127.0.0.1, port: 0 }
ops: { host: 127.0.0.1, port: 0 }
allowlist: [127.0.0.1]
replay: { coldStart: accept }
shutdown: { delay: 0s }
routes: [{ name: app, upstream: "${upstream}", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
  })
  const args = ['gateway/main.ts', 'run', '--config', mount.fileOf('gateway.yaml')]
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...env, INNGEST_SIGNING_KEY: key },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  ends.push(() => child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('no output to read')
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const [first] = (await once(reader, 'line')) as [string]
  const { listen: address, tracing } = JSON.parse(first) as { listen: string; tracing: boolean }
  const stop = async () => {
    child.kill('SIGTERM')
    return ((await once(child, 'exit')) as [number])[0]
  }
  return { port: Number(address.split(':').at(-1)), tracing, stop, lines }
}

function call(
  port: number,
  id: string,
  signingKey = key,
  timestampSeconds = Math.floor(Date.now() / 1000),
) {
  const body = `{"ctx":{"request_id":"${id}","run_id":"run"}}`
  const signature = signatureHeader(signingKey, body, timestampSeconds)
  return send({
    port,
    body,
    headers: { 'x-inngest-signature': signature, traceparent, tracestate: 'inngest@app=shop' },
  })
}

describe('tracing', () => {
  it('sends a span of each verified request, under the trace that it came with', async () => {
    const spans: Span[] = []
    const collector = await listen((url, body) => {
      expect(url).toBe('/v1/traces')
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[]
      }
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((s) => s.spans)))
      return undefined
    })
    const reached: unknown[] = []
    const app = await listen((_url, _body, fields) => {
      reached.push([fields['traceparent'], fields['tracestate']])
      return undefined
    })
    const gateway = await startGateway(app, { OTEL_EXPORTER_OTLP_ENDPOINT: collector })
    expect(gateway.tracing).toBe(true)
    const signedAt = Math.floor(Date.now() / 1000)
    expect((await call(gateway.port, 'a', key, signedAt)).status).toBe(200)
    expect((await call(gateway.port, 'a', key, signedAt)).status).toBe(409)
    expect((await call(gateway.port, 'b', 'forged')).status).toBe(401)
    expect(await gateway.stop()).toBe(0)

    const server = spans.filter(({ kind }) => kind === 2)
    expect(server.map(({ name, traceId: id, parentSpanId }) => [name, id, parentSpanId])).toEqual([
      ['POST /api/inngest', traceId, 'b7ad6b7169203331'],
      ['POST /api/inngest', traceId, 'b7ad6b7169203331'],
    ])
    expect(server.map(({ attributes }) => attributes)).toEqual([
      expect.arrayContaining([
        { key: 'http.response.status_code', value: { intValue: 200 } },
        { key: 'inngest_gateway.reason', value: { stringValue: 'none' } },
      ]),
      expect.arrayContaining([
        { key: 'inngest_gateway.reason', value: { stringValue: 'replayed' } },
      ]),
    ])
    const client = spans.filter(({ kind }) => kind === 3)
    expect(client.map(({ parentSpanId }) => parentSpanId)).toEqual([server[0]?.spanId])
    expect(reached).toEqual([[traceparent, 'inngest@app=shop']])
  })

  it('passes the trace on all the same where nobody asks for spans', async () => {
    const reached: unknown[] = []
    const app = await listen((_url, _body, fields) => {
      reached.push(fields['traceparent'])
      return undefined
    })
    const gateway = await startGateway(app, {})
    expect(gateway.tracing).toBe(false)
    expect((await call(gateway.port, 'a')).status).toBe(200)
    expect(reached).toEqual([traceparent])
    expect(await gateway.stop()).toBe(0)
  })

  it('ends in time with a collector that is not there', async () => {
    const app = await listen(() => undefined)
    const gateway = await startGateway(app, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
    expect((await call(gateway.port, 'a')).status).toBe(200)
    expect(await gateway.stop()).toBe(0)
  })

  it('is warned of once while it cannot be delivered, and told once when it can be again', async () => {
    let status = 400
    let batches = 0
    const collector = await listen(() => {
      batches += 1
      return status
    })
    const app = await listen(() => undefined)
    const gateway = await startGateway(app, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      OTEL_BSP_SCHEDULE_DELAY: '20',
    })
    let calls = 0
    const deliver = async (upTo: number) => {
      const from = batches
      while (batches < from + upTo) {
        calls += 1
        await call(gateway.port, `call-${String(calls)}`)
      }
    }
    const told = (message: string) =>
      gateway.lines.flatMap((line) => (line.includes(`"msg":"${message}"`) ? [line] : []))
    await deliver(3)
    await expect.poll(() => told('trace export failed')).toHaveLength(1)
    expect(JSON.parse(told('trace export failed')[0] ?? '')).toMatchObject({
      level: 'warn',
      why: expect.stringMatching(/400|Bad Request/) as string,
    })
    status = 200
    await deliver(3)
    await expect.poll(() => told('trace export working again')).toHaveLength(1)
    status = 400
    await deliver(3)
    await expect.poll(() => told('trace export failed')).toHaveLength(2)
    expect(told('trace export working again')).toHaveLength(1)
    expect(await gateway.stop()).toBe(0)
  })

  it('says that nothing listens where traces are to go', async () => {
    const app = await listen(() => undefined)
    const gateway = await startGateway(app, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:TOPSECRET@127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_BSP_SCHEDULE_DELAY: '20',
    })
    expect((await call(gateway.port, 'a')).status).toBe(200)
    await expect
      .poll(() => gateway.lines.join('\n'), { timeout: 20_000 })
      .toContain('trace export failed')
    expect(gateway.lines.join('\n')).not.toContain('TOPSECRET')
    expect(await gateway.stop()).toBe(0)
  }, 30_000)

  const none = 'or set OTEL_TRACES_EXPORTER=none to send no traces'
  const url = `an http or https URL such as http://localhost:4318, ${none}`
  const protocol = `http/json or http/protobuf and the HTTP port of the collector (4318), ${none}`
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', url],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', url],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://c:4317' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', url],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http:c' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', url],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a b' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', url],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'c:4317' },
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      url,
    ],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL', protocol],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }, 'OTEL_EXPORTER_OTLP_PROTOCOL', protocol],
    [
      { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      protocol,
    ],
  ])('does not start with %j', (env, name, expected) => {
    const problems = otlpProblems(env)
    expect(problems).toMatchObject([{ file: 'environment', path: name, expected }])
    const args = ['gateway/main.ts', 'run', '--upstream', 'http://127.0.0.1:1']
    const { status, stderr, stdout } = spawnSync(process.execPath, args, {
      env: { ...env, INNGEST_SIGNING_KEY: key },
      encoding: 'utf8',
      timeout: 25_000,
    })
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`environment: ${name}: expected ${expected}, found `)
    const validated = spawnSync(
      process.execPath,
      ['gateway/main.ts', 'validate', ...args.slice(2)],
      {
        env: { ...env, INNGEST_SIGNING_KEY: key },
        encoding: 'utf8',
      },
    )
    expect([validated.status, validated.stderr]).toEqual([2, stderr])
  })

  it.each([
    { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
    { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: '' },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4317' },
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4317' },
    {
      ...endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    },
  ])('refuses nothing with %j', (env) => {
    expect(otlpProblems(env)).toEqual([])
  })

  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }, true],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, false],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, false],
  ])('becomes, with %j, %s', (env, expected) => {
    expect(isTracingAskedFor(env)).toBe(expected)
  })
})
