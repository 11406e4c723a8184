/** Variables of an environment shared with the app, by which libraries and Node would go. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import net, { type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { startGatewayProcess, processKey } from '../support/gateway-process.ts'
import { sendRaw, statusOf } from '../support/raw.ts'
import { startRedis } from '../support/redis-server.ts'
import { mountSecret } from '../support/secret-mount.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function portOf(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function startBefore(answer: string, variables: Record<string, string>) {
  const app = net.createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(answer, 'latin1'))
  })
  const upstream = `http://127.0.0.1:${String(await portOf(app))}`
  return startGatewayProcess(
    upstream,
    { routes: [{ name: 'app', policy: 'passthrough', upstream }] },
    variables,
  )
}

const get = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

describe('a gateway', () => {
  it.each(['X-A: b\x01c\r\nContent-Length: 2', 'Transfer-Encoding: chunked\r\nContent-Length: 2'])(
    'reads an answer strictly, whatever NODE_OPTIONS says: %j',
    async (fields) => {
      const answer = `HTTP/1.1 200 OK\r\n${fields}\r\n\r\nhi`
      const gateway = await startBefore(answer, { NODE_OPTIONS: '--insecure-http-parser' })
      expect(statusOf(await sendRaw(gateway.port, get))).toBe(502)
      expect(statusOf(await sendRaw(gateway.port, get))).toBe(502)
    },
  )

  it('writes no password of its store, whatever DEBUG says', { tags: ['redis'] }, async () => {
    const server = await startRedis('--requirepass', 'hunter2')
    const password = mountSecret({ password: 'hunter2' }).fileOf('password')
    const replay = `{ store: redis, url: "${server.url}", password: { file: ${password} } }`
    const file = mountSecret({
      'gateway.yaml': `listen: { port: 0 }
ops: { port: 0 }
replay: ${replay}
routes: [{ name: a, upstream: "http://127.0.0.1:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
    }).fileOf('gateway.yaml')
    const gateway = spawn(process.execPath, ['gateway/main.ts', 'run', '--config', file], {
      env: { INNGEST_SIGNING_KEY: processKey, DEBUG: 'ioredis:*' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = text(gateway.stderr)
    for await (const line of createInterface({ input: gateway.stdout })) {
      if (line.includes('replay store available again')) gateway.kill('SIGKILL')
    }
    expect(await said).toBe('')
  })

  it('is no worker of another program', () => {
    const parent = `
      const cluster = require('node:cluster')
      cluster.setupPrimary({ exec: 'gateway/main.ts', execArgv: [], args: ['run', '--upstream', 'http://127.0.0.1:1'] })
      cluster.fork().on('exit', (code) => process.exit(code))`
    const { status, stderr } = spawnSync(process.execPath, ['-e', parent], {
      env: { INNGEST_SIGNING_KEY: processKey },
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('worker of another program') as string,
    ])
  })
})
