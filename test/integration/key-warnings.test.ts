/** A signing key that Inngest would not make is used all the same, and warned of. */
import { expect, it, onTestFinished } from 'vitest'

import { fallbackKey, startTestGateway } from '../support/test-gateway.ts'

it('warns of such a key by its reference, at the start and at each reload', async () => {
  const keys = { primary: 'signkey-test-12345678', fallback: fallbackKey }
  const gateway = await startTestGateway('http://127.0.0.1:1', {}, Date.now(), keys)
  onTestFinished(() => gateway.stop())
  const warnings = () =>
    gateway.logLines.filter(({ msg }) => msg === 'a signing key is not one that Inngest makes')
  expect(warnings()).toMatchObject([{ level: 40, key: 'env:PRIMARY' }])
  expect(JSON.stringify(gateway.logLines)).not.toContain('12345678')
  gateway.reload()
  expect(warnings()).toHaveLength(2)
})
