/** `explain` for a call that has something in plain. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'

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
  - name: billing
    upstream: http://127.0.0.1:3001
    signingKeys: [{ env: KEY }]
    encryption: require
`,
)

function explain(input: string, ...args: string[]) {
  const command = ['gateway/main.ts', 'explain', '-c', config, ...args]
  const { stdout } = spawnSync(process.execPath, command, {
    env: { KEY: key },
    encoding: 'utf8',
    input,
  })
  return stdout
}

it('says what of a logged call is in plain', () => {
  const line = { decision: 'refused', reason: 'payload_not_encrypted', encryption: 'plain_step' }
  const text = explain(JSON.stringify(line), '--log', '-')
  expect(text).toContain('encryption  plain_step')
  expect(text).toContain('refused as payload_not_encrypted (agreement, 403)')
})

it.each([
  ['"in plain"', 'refused as payload_not_encrypted'],
  ['null', 'admitted'],
])('judges a call whose event has the field %s', (field, decision) => {
  const body = `{"ctx":{"run_id":"r"},"event":{"data":{"encrypted":${field}}},"steps":{}}`
  const signature = `X-Inngest-Signature: ${signatureHeader(key, body, 1_700_000_000)}`
  const target = '/api/inngest?fnId=f&stepId=step'
  const request = ['--from', '10.1.2.3', '--at', '1700000000', '--target', target, '-H', signature]
  expect(explain(body, ...request, '-H', 'Host: a.example.com', '--body', '-')).toContain(decision)
})
