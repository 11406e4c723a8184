/** An https upstream is verified by the name in the configuration, whatever `Host` the sender chose. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'

import { send, signatureHeader } from '../support/sender.ts'

const key = 'signkey-test-12345678123456781234567812345678'
const certificate = path.resolve('test/fixtures/tls/cert.pem')
const tls = { cert: readFileSync(certificate), key: readFileSync('test/fixtures/tls/key.pem') }

async function statusThrough(host: string, extraCa: string | undefined): Promise<number> {
  const app = createServer(tls, (_request, response) => response.end('tls'))
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-tls-'))
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
ops: { host: 127.0.0.1, port: 0 }
allowlist: [127.0.0.1]
replay: { coldStart: accept }
routes:
  - name: app
    upstream: https://${host}:${String((app.address() as AddressInfo).port)}
    signingKeys: [{ env: INNGEST_SIGNING_KEY }]
`,
  )
  const env = {
    INNGEST_SIGNING_KEY: key,
    ...(extraCa !== undefined && { NODE_EXTRA_CA_CERTS: extraCa }),
  }
  const child = spawn(process.execPath, ['gateway/main.ts', 'run', '--config', file], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const port = Number((JSON.parse(line) as { listen: string }).listen.split(':').at(-1))
  const body = '{"ctx":{"run_id":"run"}}'
  const headers = {
    host: 'evil.example.com',
    'x-inngest-signature': signatureHeader(key, body, Math.floor(Date.now() / 1000)),
  }
  const { status } = await send({ port, headers, body })
  child.kill('SIGTERM')
  await once(child, 'exit')
  app.close()
  rmSync(folder, { recursive: true })
  return status
}

describe('an https upstream', () => {
  it.each(['localhost', '127.0.0.1'])(
    'is reached as %s where its certificate is trusted',
    async (host) => {
      expect(await statusThrough(host, certificate)).toBe(200)
    },
  )

  it('is not spoken to where its certificate is not trusted', async () => {
    expect(await statusThrough('localhost', undefined)).toBe(502)
  })
})
