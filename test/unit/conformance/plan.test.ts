import { describe, expect, it, vi } from 'vitest'

import { conformance } from '../../../gateway/cli/conformance.ts'
import { readPlan, warningOf } from '../../../conformance/plan.ts'

const defaults = {
  keyEnv: 'KEY',
  appAddress: [],
  restrictedPath: [],
  only: [],
  maxAge: '5m',
  clockTolerance: '5m',
}
const env = { KEY: 'signkey-test-12345678' }

function warningAt(url: string): string | undefined {
  const plan = readPlan({ url, ...defaults }, env)
  if (!plan.ok) throw new Error(plan.problem)
  return warningOf(plan)
}

describe('signatures that are not spent', () => {
  it.each(['http://gateway.example/api/inngest', 'http://10.0.0.7/', 'http://[2001:db8::1]/'])(
    'are warned of where others may see them: %s',
    (url) => {
      expect(warningAt(url)).toContain('--url is http://')
    },
  )

  it.each([
    'https://gateway.example/api/inngest',
    'http://localhost/',
    'http://127.0.0.1:8080/',
    'http://[::1]/',
  ])('are not worth a word at %s', (url) => {
    expect(warningAt(url)).toBeUndefined()
  })

  it('are warned of before anything is sent', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    // Where nothing listens.
    expect(await conformance({ url: 'http://0.0.0.0:1/', ...defaults, json: true }, env)).toBe(2)
    expect(said.mock.calls[0]?.[0]).toContain('--url is http://')
    vi.restoreAllMocks()
  })
})
