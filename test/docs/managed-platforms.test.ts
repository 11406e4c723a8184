/** The configurations of docs/how-to/deploy-managed-platforms.md find the client in the headers that the page shows. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { resolveClientAddress } from '../../gateway/admit/checks/client-address.ts'
import { readSettingsFile } from '../../gateway/config/load.ts'
import { parseAddress } from '../../gateway/ip/address.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'platforms-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const page = readFileSync('docs/how-to/deploy-managed-platforms.md', 'utf8')
const CLIENT = '198.51.100.7'

const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ platform: text.split('\n', 1)[0] ?? '', text }))
const platforms = sections.filter(({ text }) => text.includes('```text\nremote address:'))

function policyOf(text: string) {
  const [, yaml = ''] = /^```yaml\n(.*?^routes:\n.*?)^```/ms.exec(text) ?? []
  const file = path.join(folder, 'config.yaml')
  writeFileSync(file, yaml)
  const reading = readSettingsFile(file, { INNGEST_SIGNING_KEY: 'signkey-test-12345678' })
  if (!reading.ok) throw new Error(`the configuration of the page does not start`)
  return reading.settings.policy
}

function arrivals(text: string) {
  const [, remoteAddress = ''] = /^remote address: +(\S+)$/m.exec(text) ?? []
  const [, forwardedFor = ''] = /^X-Forwarded-For: (.+)$/m.exec(text) ?? []
  return { remoteAddress, forwardedFor }
}

function clientOf(text: string, forwardedFor: string) {
  const { remoteAddress } = arrivals(text)
  const connection = { remoteAddress, isEncrypted: false, proxied: undefined }
  const client = resolveClientAddress(connection, [forwardedFor], policyOf(text))
  return client.ok ? client.value.address : client.reason
}

describe('the page about managed platforms', () => {
  it('has headers and a configuration for each of four platforms', () => {
    expect(platforms.map(({ platform }) => platform)).toEqual([
      'Google Cloud Run',
      'AWS ECS with Fargate',
      'Fly.io',
      'Render',
    ])
  })

  it.each(platforms)('finds the client behind a false entry on $platform', ({ text }) => {
    const { forwardedFor } = arrivals(text)
    expect(forwardedFor).toMatch(/^192\.0\.2\.1, /)
    expect(clientOf(text, forwardedFor)).toEqual(parseAddress(CLIENT))
  })

  it.each(platforms)('finds the client without a false entry on $platform', ({ text }) => {
    const forwardedFor = arrivals(text).forwardedFor.replace('192.0.2.1, ', '')
    expect(clientOf(text, forwardedFor)).toEqual(parseAddress(CLIENT))
  })

  it.each(platforms)(
    'says on $platform where the app listens and what is not possible',
    ({ text }) => {
      for (const label of [
        '**Run**',
        '**The app listens on**',
        '**Address**',
        '**Trust**',
        '**Not possible**',
      ]) {
        expect(text).toContain(label)
      }
    },
  )

  it('has JSON without a mistake', () => {
    const blocks = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text = '']) => text)
    expect(blocks.map((text) => typeof JSON.parse(text))).toEqual(['object'])
  })
})
