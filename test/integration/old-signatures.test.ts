/** One signature, one use, also where freshness is only reported or not looked at. */
import { describe, expect, it } from 'vitest'

import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp } from '../support/apps.ts'
import { freshBody } from '../support/attack.ts'
import { startRedis } from '../support/redis-server.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

async function start(config: Readonly<Record<string, unknown>>) {
  const app = await startNamedApp('app')
  const gateway = track(await startTestGateway(app.url, config))
  const body = freshBody()
  const signedSeconds = Math.floor(gateway.clock.wallMs / 1000)
  const headers = { 'x-inngest-signature': signatureHeader(testKey, body, signedSeconds) }
  const callAt = async (ageSeconds: number) => {
    gateway.flush()
    gateway.clock.wallMs = (signedSeconds + ageSeconds) * 1000
    const { status } = await send({ port: gateway.port, body, headers })
    return [status, gateway.logLines.at(-1)?.['reason']]
  }
  return { app, gateway, callAt }
}

const tooOld = [401, 'replay_undecidable']

describe.each(['report', 'off'])('with freshness: %s and replays enforced', (freshness) => {
  const checks = { freshness }

  it('forwards an old signature once, for as long as its use is remembered', async () => {
    const { app, callAt } = await start({ checks })
    expect(await callAt(600)).toEqual([200, 'none'])
    expect(await callAt(600)).toEqual([409, 'replayed'])
    expect(await callAt(601)).toEqual(tooOld)
    expect(await callAt(668)).toEqual(tooOld)
    expect(app.requests).toHaveLength(1)
  })

  it('refuses an older one, since it may have been used before', async () => {
    const { app, callAt } = await start({ checks })
    expect(await callAt(668)).toEqual(tooOld)
    expect(await callAt(669)).toEqual(tooOld)
    expect(app.requests).toHaveLength(0)
  })

  it('does not admit one again whose claim has gone from Redis', { tags: ['redis'] }, async () => {
    const server = await startRedis()
    const replay = { store: 'redis', url: server.url, timeout: '5s', coldStart: 'accept' }
    const { app, gateway, callAt } = await start({ checks, replay })
    await expect.poll(() => gateway.metricsText()).toContain('inngest_gateway_replay_store_up 1')
    expect(await callAt(0)).toEqual([200, 'none'])
    // As they expire there, after 661 s.
    await server.client.del(...(await server.client.keys('*{*')))
    expect(await callAt(668)).toEqual(tooOld)
    expect(app.requests).toHaveLength(1)
  })

  it('claims one from the future until it is too old, and admits it once', async () => {
    const { app, callAt } = await start({ checks })
    expect(await callAt(-400)).toEqual([200, 'none'])
    expect(await callAt(-400)).toEqual([409, 'replayed'])
    expect(await callAt(300)).toEqual([409, 'replayed'])
    expect(await callAt(601)).toEqual(tooOld)
    expect(app.requests).toHaveLength(1)
  })

  it('warns at the start of what becomes of older signatures', async () => {
    const { gateway } = await start({ checks })
    expect(gateway.logLines).toContainEqual(
      expect.objectContaining({
        msg: 'older signatures are refused in spite of this setting, since their claims have expired',
        route: 'app',
        freshness,
        older_than: '600 s',
      }),
    )
  })
})

it('reports what it cannot decide where replays are only reported, and warns of it', async () => {
  const { gateway, callAt } = await start({ checks: { freshness: 'report', replay: 'report' } })
  expect(await callAt(668)).toEqual([200, 'none'])
  expect(gateway.logLines.at(-1)?.['report_only']).toEqual([
    'timestamp_too_old',
    'replay_undecidable',
  ])
  expect(gateway.logLines.map(({ msg }) => msg)).toContain(
    'older signatures can be replayed, since their claims have expired',
  )
})
