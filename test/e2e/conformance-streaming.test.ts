/**
 * The conformance command in front of real SDK apps that stream: they respond 201 before they have
 * verified anything, and put the real status into the body.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { runConformance } from '../support/conforming.ts'
import { startSdkApp } from '../support/sdk-app.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

const otherKey = 'signkey-test-1111111111111111111111111111111111111111111111111111111111111111'
const functionCalls = [
  ...['signed-call', 'reencoded-call'],
  ...['spoofed-x-forwarded-for', 'spoofed-forwarded', 'spoofed-x-real-ip'],
]

const stops: (() => unknown)[] = []
beforeAll(() => {
  // The SDK writes there each request that it refuses.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
afterAll(() => {
  vi.restoreAllMocks()
})

async function conformanceBefore(signingKey: string | undefined, streaming: boolean) {
  const app = await startSdkApp(signingKey, undefined, { streaming })
  stops.push(() => {
    app.stop()
  })
  const gateway = await startTestGateway(app.url)
  stops.push(() => gateway.stop())
  const run = await runConformance(gateway.port)
  expect(app.runs()).toBe(0)
  const detailOf = (name: string) => run.results.find((each) => each.name === name)?.detail
  return { run, detailOf }
}

describe('conformance in front of an app that streams', () => {
  it('passes if the app has the signing key', async () => {
    const { run, detailOf } = await conformanceBefore(testKey, true)
    expect(run.names('failed')).toEqual([])
    expect(detailOf('signed-call')).toBe('app responded with 500 inside a streamed 201')
  })

  it('fails if the app refuses every request, and says that the app refused', async () => {
    const { run, detailOf } = await conformanceBefore(otherKey, true)
    expect(run.names('failed').sort()).toEqual(
      [...functionCalls, 'signed-introspection', 'trust-probe'].sort(),
    )
    expect(detailOf('signed-call')).toBe(
      'app responded with 401 inside a streamed 201: the app itself refused it; does its SDK have this signing key?',
    )
  })
})

describe('conformance in front of an app without a signing key', () => {
  it.each([true, false])(
    'fails introspection and trust probe, streaming: %s',
    async (streaming) => {
      const { run, detailOf } = await conformanceBefore(undefined, streaming)
      expect(run.names('failed')).toEqual(['signed-introspection', 'trust-probe'])
      expect(detailOf('trust-probe')).toBe(
        'app responded with 500: the app failed; does its SDK have a signing key?',
      )
    },
  )
})
