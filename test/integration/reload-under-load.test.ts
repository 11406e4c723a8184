/**
 * A hundred reloads, good files and bad ones mixed, under load: not one call is lost, and none is
 * judged by one file and forwarded by another.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import { freshBody } from '../support/attack.ts'
import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

const RELOADS = 100
const CALLERS = 8

/** Key, origin and app of a file belong together; which of them a call met must fit each other. */
const fileFor = (app: NamedApp, name: string, env: string) => ({
  routes: [
    {
      name: 'app',
      upstream: app.url,
      signingKeys: [{ env }],
      serveOrigin: `https://${name}.example`,
    },
  ],
})

const bad = ['routes: [', 'routes: []', 'listen: { port: 1 }', '', 'routes: [{ name: app }]']

describe('a hundred reloads under load', () => {
  it('lose no call, mix no files, and let no signature be used twice', async () => {
    // An app that takes its time, so that calls are on their way while files change.
    const slowly = () => sleep(5)
    const [first, second] = [
      await startNamedApp('first', slowly),
      await startNamedApp('second', slowly),
    ]
    const files = [fileFor(first, 'first', 'PRIMARY'), fileFor(second, 'second', 'FALLBACK')]
    const gateway = track(await startTestGateway(first.url, files[0]))
    let isOver = false
    const sent: { body: string; key: string; answer: string }[] = []
    const callAgain = async (key: string) => {
      while (!isOver) {
        const body = freshBody()
        const signature = signatureHeader(key, body, Math.floor(gateway.clock.wallMs / 1000))
        const answer = await send({
          port: gateway.port,
          body,
          headers: { 'x-inngest-signature': signature },
        })
        sent.push({
          body,
          key,
          answer: answer.status === 200 ? answer.body : String(answer.status),
        })
      }
    }
    const callers = Array.from({ length: CALLERS }, (_, i) =>
      callAgain(i % 2 === 0 ? testKey : fallbackKey),
    )
    for (let i = 0; i < RELOADS; i += 1) {
      gateway.rewrite(i % 3 === 2 ? (bad[i % bad.length] ?? '') : (files[(i + 1) % 2] ?? {}))
      gateway.reload()
      await sleep(10)
    }
    isOver = true
    await Promise.all(callers)

    // Refused is only what was signed with the key of the other file.
    expect(new Set(sent.map(({ answer }) => answer))).toEqual(new Set(['first', 'second', '401']))
    for (const { key, answer } of sent) {
      if (answer !== '401') expect(answer).toBe(key === testKey ? 'first' : 'second')
    }
    for (const [app, host] of [
      [first, 'first.example'],
      [second, 'second.example'],
    ] as const) {
      expect(new Set(app.requests.map((request) => request.host))).toEqual(new Set([host]))
    }
    const reached = [...first.requests, ...second.requests].map(({ body }) => body).sort()
    const admitted = sent.filter(({ answer }) => answer !== '401').map(({ body }) => body)
    expect(reached).toEqual(admitted.sort())
    const metrics = await gateway.metricsText()
    expect(metrics).toMatch(/config_reloads_total\{result="success"\} 6\d/)
    expect(metrics).toMatch(/config_reloads_total\{result="failure"\} 3\d/)
    expect(metrics).toContain('inngest_gateway_requests_in_flight 0')

    // What was spent before any of them is spent after all of them.
    gateway.rewrite(files[0] ?? {})
    gateway.reload()
    const [body = ''] = first.requests.map((request) => request.body)
    const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
    const again = await send({
      port: gateway.port,
      body,
      headers: { 'x-inngest-signature': signature },
    })
    expect(again.status).toBe(409)
    console.log(`${String(sent.length)} calls, ${String(admitted.length)} of them admitted`)
  })
})
