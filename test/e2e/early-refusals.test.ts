/**
 * A refusal of an upload arrives although most of the body was never read. A server that closes a
 * connection with bytes unread resets it, and the reset makes the client's system discard a response
 * that it has received (RFC 9112 section 9.6): a client that is still sending sees a lost connection.
 */
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { allArrive, arrivals, originOf, startRefusingGateway } from '../support/early-refusals.ts'
import { buildGoClient, type GoClient } from '../support/go-client.ts'
import { curl, goClient, nodeHttp, sendsAllFirst, undici } from '../support/upload-clients.ts'

// 160 uploads a test, for which a busy machine takes long.
vi.setConfig({ testTimeout: 120_000 })

const fixture = (name: string) => path.resolve('test/fixtures/tls', name)

describe('an early refusal of an upload of 3 MB arrives', () => {
  it.each([
    ["Node's http client", nodeHttp],
    ['undici', undici],
    ['a client that sends all before it reads', sendsAllFirst],
  ])('reaches %s', async (_, client) => {
    const gateway = await startRefusingGateway()
    expect(await arrivals(client, originOf(gateway))).toEqual(allArrive)
  })

  it('reaches curl', { tags: ['clients'] }, async () => {
    const gateway = await startRefusingGateway()
    expect(await arrivals(curl, originOf(gateway))).toEqual(allArrive)
  })
})

describe("an early refusal arrives at Go's client", { tags: ['clients'] }, () => {
  let go: GoClient
  beforeAll(() => {
    go = buildGoClient()
    // Go compiles its standard library before the first program of a machine.
  }, 120_000)
  afterAll(() => {
    go.remove()
  })

  it.each([200_000, 3_000_000])('arrives after an upload of %i bytes', async (size) => {
    const gateway = await startRefusingGateway()
    expect(await arrivals(goClient(go), originOf(gateway), size)).toEqual(allArrive)
  })

  it('arrives over TLS', async () => {
    const tls = { certFile: fixture('cert.pem'), keyFile: fixture('key.pem') }
    const listen = { host: '127.0.0.1', port: 0, tls }
    const { port } = await startRefusingGateway({ listen })
    const client = goClient(go, ['-ca', fixture('cert.pem')])
    expect(await arrivals(client, `https://localhost:${String(port)}`)).toEqual(allArrive)
  })
})
