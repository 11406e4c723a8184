/** The configuration of docs/how-to/durable-endpoints.md, with requests of a user and re-entries. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { startTarget } from '../support/attack.ts'
import { blocksOf } from '../support/documents.ts'
import { callAsUser, reasonsOf, reenter } from '../support/durable-route.ts'
import { testKey } from '../support/test-gateway.ts'

const [block] = blocksOf('yaml').filter(({ page }) => page === 'docs/how-to/durable-endpoints.md')

/** At the app of the test, with its signing keys, and for its own address. */
function configFor(url: string): Record<string, unknown> {
  const text = (block?.text ?? '')
    .replaceAll('http://127.0.0.1:3000', url)
    .replaceAll('INNGEST_SIGNING_KEY', 'PRIMARY')
    .replaceAll('INNGEST_ENDPOINTS_SIGNING_KEY', 'FALLBACK')
  return { ...(parse(text) as object), allowlist: ['127.0.0.1/32'] }
}

describe('the configuration of the page on durable endpoints', () => {
  it('forwards users and re-entries, and refuses what is forged, repeated or for another key', async () => {
    const target = await startTarget(configFor)
    const ids = { 'x-run-id': 'run' }
    expect((await callAsUser(target)).status).toBe(200)
    expect((await callAsUser(target, { from: '127.0.0.2' })).status).toBe(200)
    expect((await reenter(target, { ids })).status).toBe(200)
    expect((await reenter(target, { ids })).status).toBe(409)
    expect((await reenter(target, { key: testKey })).status).toBe(401)
    expect((await reenter(target, { from: '127.0.0.2' })).status).toBe(403)
    expect(reasonsOf(target)).toEqual([
      'none',
      'none',
      'none',
      'replayed',
      'signature_mismatch',
      'client_not_allowed',
    ])
  })
})
