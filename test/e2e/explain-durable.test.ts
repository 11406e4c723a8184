/** `explain` for a durable route: whose request it would be, and by which checks. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { signatureHeader } from '../support/sender.ts'

const key = 'signkey-test-9876'
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-explain-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const config = path.join(folder, 'gateway.yaml')
writeFileSync(
  config,
  `allowlist: [10.0.0.0/8]
routes:
  - name: endpoints
    policy: durable
    host: app.example.com
    upstream: http://127.0.0.1:3001
    signingKeys: [{ env: KEY }]
`,
)

/** A GET of the route. @param fields headers of it. */
function explain(...fields: string[]) {
  const headers = fields.flatMap((field) => ['-H', field])
  const asked = ['--from', '10.1.2.3', '--method', 'GET', '--at', '1700000000', ...headers]
  const args = ['gateway/main.ts', 'explain', '-c', config, ...asked]
  const { status, stdout } = spawnSync(process.execPath, args, {
    env: { KEY: key },
    encoding: 'utf8',
  })
  return { status, text: stdout }
}

describe('explain', () => {
  it('shows a request of a user, and that any address may send it', () => {
    const { status, text } = explain()
    expect(text).toMatch(/^route +endpoints \(durable: a request of a user, /m)
    expect(text).toMatch(/^allowlist +any client address$/m)
    expect(status).toBe(0)
  })

  it('shows a re-entry by its headers, and why it would be refused', () => {
    const { status, text } = explain('X-Run-ID: a')
    expect(text).toMatch(/^route +endpoints \(durable: a re-entry, /m)
    expect(text).toMatch(/^decision +refused as signature_missing /m)
    expect(status).toBe(1)
  })

  it('takes a signed re-entry through every check', () => {
    const signature = signatureHeader(key, '', 1_700_000_000)
    const { status, text } = explain('X-Run-ID: a', `X-Inngest-Signature: ${signature}`)
    expect(text).toMatch(/^allowlist +in 10\.0\.0\.0\/8, from the configuration$/m)
    expect(text).toMatch(/^signature +over the body as received, by key 0 \(env:KEY\)$/m)
    expect(text).toMatch(/^replay +would be claimed/m)
    expect(status).toBe(0)
  })
})
