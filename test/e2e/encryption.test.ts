/** Routes that require encryption, with the real SDK and the real encryption middleware, over real sockets. */
import { describe, expect, it } from 'vitest'

import {
  countsOf,
  expectWholeRun,
  paid,
  runWhole,
  startEncrypted,
} from '../support/encrypted-scene.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { testKey } from '../support/test-gateway.ts'

describe('a route that requires encryption', () => {
  it.each(['2.0.0 on SDK 4', '2.0.0, version 0'] as const)(
    'lets a whole run through with the middleware %s',
    expectWholeRun,
  )

  it('refuses the event of an app without the middleware, and nothing of it reaches the app', async () => {
    const { app, gateway } = await startEncrypted('none', 'require')
    const { answers } = await runWhole(app, gateway)
    expect(answers.map(({ status }) => status)).toEqual([403])
    expect(app.reached).toEqual([])
    expect(gateway.logLines.at(-1)).toMatchObject({
      decision: 'refused',
      reason: 'payload_not_encrypted',
      encryption: 'plain_event',
    })
    expect(await countsOf(gateway)).toEqual({ plain_event: 1 })
  })

  it('refuses the first call with the result of a step in plain', async () => {
    const { app, gateway } = await startEncrypted('none', 'require')
    const { answers } = await runWhole(app, gateway, { event: { ...paid, name: 'shop/hello' } })
    expect(answers.map(({ status }) => status)).toEqual([206, 403])
    expect(app.reached).toHaveLength(1)
    expect(gateway.logLines.at(-1)).toMatchObject({ encryption: 'plain_step', status: 403 })
  })

  it('refuses a wait whose event has the field in plain', async () => {
    const { app, gateway } = await startEncrypted('2.0.0 on SDK 4', 'require')
    const awaited = { ...paid, data: { encrypted: 'a card' } }
    const { answers } = await runWhole(app, gateway, { awaited })
    expect(answers.at(-1)?.status).toBe(403)
    expect(gateway.logLines.at(-1)).toMatchObject({ encryption: 'plain_step' })
  })

  it('looks at another field of events if one is configured', async () => {
    const { app, gateway } = await startEncrypted('none', 'require', { eventField: 'order' })
    expect((await runWhole(app, gateway)).answers.map(({ status }) => status)).toEqual([403])
    const { app: other, gateway: loose } = await startEncrypted('none', 'require', {
      eventField: 'other',
    })
    const event = { ...paid, name: 'shop/hello', data: { encrypted: 'in plain' } }
    expect((await runWhole(other, loose, { event })).answers[0]?.status).toBe(206)
  })

  it('counts calls whose steps and events the app fetches as not checked', async () => {
    const { app, gateway } = await startEncrypted('2.0.0 on SDK 4', 'require')
    const { answers } = await runWhole(app, gateway, { useApi: true })
    // The app asks its server for the steps, and that is one of the test.
    expect(answers[0]?.status).not.toBe(403)
    expect(gateway.logLines.at(-1)).toMatchObject({ decision: 'admitted', encryption: 'use_api' })
    expect(await countsOf(gateway)).toEqual({ use_api: answers.length })
  })

  it('refuses no sync and no introspection', async () => {
    const { gateway } = await startEncrypted('none', 'require')
    const t = Math.floor(gateway.clock.wallMs / 1000)
    const headers = { 'x-inngest-signature': signatureHeader(testKey, '', t) }
    expect((await send({ port: gateway.port, method: 'GET', headers })).status).toBe(200)
    const body = '{"url":"http://localhost/api/inngest"}'
    const signature = { 'x-inngest-signature': signatureHeader(testKey, body, t) }
    await send({ port: gateway.port, method: 'PUT', headers: signature, body })
    expect(gateway.logLines.map(({ decision }) => decision)).not.toContain('refused')
    expect(await countsOf(gateway)).toEqual({})
  })
})

describe('a route that reports what is not encrypted', () => {
  it('lets the run through, and counts what it would refuse', async () => {
    const { app, gateway } = await startEncrypted('none', 'report')
    const { answers } = await runWhole(app, gateway)
    expect(answers.at(-1)?.status).toBe(200)
    expect(app.seen.at(-1)).toMatchObject({ one: { secret: 'first result' } })
    expect(gateway.logLines.at(-1)).toMatchObject({
      decision: 'admitted',
      report_only: ['payload_not_encrypted'],
      encryption: 'plain_event',
    })
    const text = await gateway.metricsText()
    const reported = `inngest_gateway_report_only_refusals_total{route="app",reason="payload_not_encrypted"} ${String(answers.length)}`
    expect(text).toContain(reported)
    expect(await countsOf(gateway)).toEqual({ plain_event: answers.length })
  })

  it('shows on the status page how many calls were in plain', async () => {
    const { app, gateway } = await startEncrypted('none', 'report')
    const { answers } = await runWhole(app, gateway)
    gateway.flush()
    const status = await send({ port: gateway.opsPort, method: 'GET', target: '/status.json' })
    const count = String(answers.length)
    expect(status.body).toContain(`encryption reported, in plain: ${count}, not checked: 0`)
  })

  it('reports nothing of an app with the middleware', async () => {
    const { app, gateway } = await startEncrypted('2.0.0 on SDK 4', 'report')
    await runWhole(app, gateway)
    expect(gateway.logLines.every((line) => line['report_only'] === undefined)).toBe(true)
  })
})

describe('a route without encryption', () => {
  it('logs and counts nothing of it', async () => {
    const { app, gateway } = await startEncrypted('none', 'off')
    const { answers } = await runWhole(app, gateway)
    expect(answers.at(-1)?.status).toBe(200)
    expect(gateway.logLines.every((line) => line['encryption'] === undefined)).toBe(true)
    expect(await countsOf(gateway)).toEqual({})
  })
})
