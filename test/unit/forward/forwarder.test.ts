import { afterEach, describe, expect, it } from 'vitest'

import type { ClientRequest } from '../../../gateway/accept/client-request.ts'
import type { ClientResponse } from '../../../gateway/accept/client-response.ts'
import type { AdmittedRequest } from '../../../gateway/admit/admit.ts'
import { toFault } from '../../../gateway/admit/faults.ts'
import type { InngestRoutePolicy } from '../../../gateway/admit/policy.ts'
import { sendFault } from '../../../gateway/exchange/error-response.ts'
import { Forwarder } from '../../../gateway/forward/forwarder.ts'
import { createUpstreamPools } from '../../../gateway/forward/upstream-pool.ts'
import { Body } from '../../../gateway/inngest/body.ts'
import { startClientSide } from '../../support/client-side.ts'
import { open, sendRaw } from '../../support/raw.ts'
import { startScriptedApp } from '../../support/scripted-app.ts'

const LONG_MS = 20_000
const CALL = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const REDIRECT = 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 5\r\n\r\n'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A client whose call the app redirects; the response waits until the target is made known. */
async function startRedirected() {
  const asked = Promise.withResolvers<string>()
  const known = Promise.withResolvers<undefined>()
  const outcome = Promise.withResolvers<number | string>()
  const app = await startScriptedApp((socket) => socket.write(REDIRECT, 'latin1'))
  const upstream = { origin: app.url, socketPath: undefined, tls: {} }
  // What the forwarder does not read is left out.
  const route = { kind: 'inngest', name: 'app', upstream } as unknown as InngestRoutePolicy
  const options = {
    connectTimeoutMs: LONG_MS,
    responseTimeoutMs: LONG_MS,
    keepAliveTimeoutMs: LONG_MS,
    maxResponseHeaderBytes: 16_384,
  }
  const forwarder = new Forwarder(
    [route],
    options,
    createUpstreamPools(() => undefined),
  )
  stops.push(() => {
    forwarder.close()
  })
  const respond = async ({ head }: ClientRequest, response: ClientResponse) => {
    const body = { take: () => Body.of(new Uint8Array()) }
    const admitted = {
      kind: 'admitted',
      route,
      head,
      host: 'a',
      body,
    } as unknown as AdmittedRequest
    const events = {
      onBodySent: () => undefined,
      onResponse: () => undefined,
      onRedirect: (location: string) => {
        asked.resolve(location)
        return known.promise
      },
      onCuttable: () => undefined,
    }
    try {
      outcome.resolve(await forwarder.forward(admitted, 'r', response, events))
    } catch (error) {
      const fault = toFault(error)
      sendFault(response, fault, { head, requestId: 'r' })
      outcome.resolve(fault.code)
    }
  }
  const { port } = await startClientSide((request, response) => void respond(request, response))
  return { app, port, asked: asked.promise, known, outcome: outcome.promise }
}

// A promise that is rejected without a handler would end the gateway, and fails a test.
describe('a redirect whose response waits', () => {
  it('is passed on when its target is known, and not before', async () => {
    const { app, port, asked, known, outcome } = await startRedirected()
    const text = sendRaw(port, CALL)
    expect(await asked).toBe('/there')
    app.sockets[0]?.write('there')
    known.resolve(undefined)
    expect(await text).toMatch(/^HTTP\/1\.1 307 .*\r\n[^]*\r\n\r\nthere$/)
    expect(await outcome).toBe(307)
  })

  it('becomes a fault if the app breaks off meanwhile, with nothing of the redirect', async () => {
    const { app, port, asked, known, outcome } = await startRedirected()
    const text = sendRaw(port, CALL)
    await asked
    app.sockets[0]?.resetAndDestroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    known.resolve(undefined)
    expect(await text).toMatch(/^HTTP\/1\.1 502 /)
    expect(await text).not.toContain('/there')
    expect(await outcome).toBe('upstream_reset')
  })

  it('is dropped if the client leaves meanwhile, and so is the connection to the app', async () => {
    const { app, port, asked, known, outcome } = await startRedirected()
    const socket = await open(port)
    socket.write(CALL)
    await asked
    socket.resetAndDestroy()
    expect(await outcome).toBe('downstream_closed')
    known.resolve(undefined)
    await expect.poll(() => app.sockets).toHaveLength(0)
  })
})
