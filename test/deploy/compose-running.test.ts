/** The app of the Compose example, on the real SDK, behind a real gateway with the configuration of the example. */
// @module-tag redis
import { describe, expect, it } from 'vitest'

import {
  appAddress,
  exampleKey,
  inngestAddress,
  startExample,
  type Example,
} from '../support/compose-example.ts'
import { accepts } from '../support/accepts.ts'
import { patient, readiness } from '../support/gateway-process.ts'
import { send, signatureHeader } from '../support/sender.ts'

const target = '/api/inngest?fnId=shop-confirm-order&stepId=step'

function sign(body: string) {
  const signature = signatureHeader(exampleKey, body, Math.floor(Date.now() / 1000))
  return { body, headers: { 'content-type': 'application/json', 'x-inngest-signature': signature } }
}

/** As the server sends it. */
function callBody(id: string): string {
  const event = `{"data":{"orderId":"${id}"},"id":"e","name":"shop/order.placed","ts":1}`
  return `{"ctx":{"attempt":0,"disable_immediate_execution":false,"env":"","fn_id":"85fb1953-e46a-51dd-9c27-585df04059ac","qi_id":"","request_id":"${id}","run_id":"01M85C81NVJ7KSQSW1MTCWKVP4","stack":{"current":0,"stack":[]},"step_id":"step","use_api":false},"event":${event},"events":[${event}],"steps":{},"use_api":false,"version":2}`
}

async function whenReady(): Promise<Example> {
  const example = await startExample()
  await expect.poll(() => readiness(example.gateway), patient).toBe('200 ok')
  return example
}

describe('the Compose example, running', () => {
  it('runs a step for a signed call of the server, once, and for nobody else', async () => {
    const { gateway } = await whenReady()
    const { port } = gateway
    const from = inngestAddress
    // What was signed before the store remembers is refused with 503, and signed anew.
    let call = sign('')
    const status = async () => {
      call = sign(callBody('order-1'))
      return (await send({ port, target, from, ...call })).status
    }
    await expect.poll(status, patient).toBe(206)
    expect((await send({ port, target, from, ...call })).status).toBe(409)
    const answer = await send({ port, target, from, ...sign(callBody('order-2')) })
    expect(answer.body).toContain('receipt of order-2')
    expect(answer.headers['x-inngest-sdk']).toMatch(/^inngest-js:/)
    expect((await send({ port, target, ...sign(callBody('order-3')) })).status).toBe(403)
    expect((await send({ port, target, from, body: callBody('order-4') })).status).toBe(401)
  })

  it('tells the server the address of the gateway when it is synced', async () => {
    const { gateway, registrations } = await whenReady()
    const { port } = gateway
    const sync = () => sign('{"url":"http://gateway:8080/api/inngest"}')
    const status = async () =>
      (await send({ port, method: 'PUT', from: inngestAddress, ...sync() })).status
    await expect.poll(status, patient).toBe(200)
    expect(registrations.map(({ path }) => path)).toEqual([expect.stringMatching('/fn/register')])
    const { url } = JSON.parse(registrations[0]?.body ?? '{}') as { url?: string }
    expect(url).toMatch(/^http:\/\/gateway:8080\/api\/inngest/)
  })

  it('listens on the one address of the app that the gateway knows', async () => {
    const { appPort } = await whenReady()
    expect([await accepts(appPort, appAddress), await accepts(appPort)]).toEqual([true, false])
  })
})
