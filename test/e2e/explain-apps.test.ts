/** `explain` of a function call at a route with `apps`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { signatureHeader } from '../support/sender.ts'
import { testKey } from '../support/test-gateway.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-explain-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const at = 1_800_000_000
const body = '{"ctx":{"fn_id":"id","run_id":"run"},"version":1}'

function explain(apps: string, options: readonly string[], input: string) {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `allowlist: [10.0.0.0/8]
routes:
  - { name: a, apps: ${apps}, upstream: "http://127.0.0.1:1", signingKeys: [{ env: KEY }] }
`,
  )
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['gateway/main.ts', 'explain', '-c', file, ...options],
    { env: { KEY: testKey }, input, encoding: 'utf8' },
  )
  return { status, text: `${stdout}${stderr}` }
}

describe('explain at a route with apps', () => {
  it.each([
    ['[shop]', 0, 'app         shop, by fnId "shop-a"\n'],
    ['[billing]', 1, 'app         no configured app has fnId "shop-a"\n'],
  ])('tells of the app of a call at a route for %s', (apps, expected, line) => {
    const signed = ['-H', `X-Inngest-Signature: ${signatureHeader(testKey, body, at)}`]
    const request = ['--from', '10.0.0.1', '--target', '/api/inngest?fnId=shop-a']
    const options = [...request, ...signed, '--at', String(at), '--body', '-']
    const { status, text } = explain(apps, options, body)
    expect(text).toContain(line)
    expect(text.includes('refused as app_not_served')).toBe(expected === 1)
    expect(status).toBe(expected)
  })

  it('tells of the app in a log line', () => {
    const fields = { decision: 'refused', reason: 'app_not_served', route: 'a', app: 'billing-eu' }
    const { text } = explain('[billing]', ['--log', '-'], JSON.stringify(fields))
    expect(text).toContain('app         billing-eu\n')
    expect(text).toContain('refused as app_not_served (agreement, 403)')
  })
})
