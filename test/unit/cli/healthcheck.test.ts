import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { healthcheck } from '../../../gateway/cli/healthcheck.ts'
import { freePort } from '../../support/free-port.ts'

const said: unknown[] = []
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation((line: unknown) => said.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
  said.length = 0
})

/** What it says of an answer, after the exit code. */
async function ask(status: number, text: string): Promise<unknown[]> {
  const server = createServer((_, response) => response.writeHead(status).end(text)).listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const exitCode = await healthcheck(`http://127.0.0.1:${String(port)}/readyz`)
  server.close()
  return [exitCode, ...said]
}

describe('healthcheck', () => {
  it('is silent when the gateway is ready', async () => {
    expect(await ask(200, 'ok\n')).toEqual([0])
  })

  it('says why the gateway is not', async () => {
    expect(await ask(503, 'draining\n')).toEqual([1, 'not ready: draining'])
  })

  it('says why it could not ask', async () => {
    const address = `127.0.0.1:${String(await freePort())}`
    expect(await healthcheck(`http://${address}/readyz`)).toBe(1)
    expect(said).toEqual([`cannot reach http://${address}/readyz: connect ECONNREFUSED ${address}`])
    expect(await healthcheck('nonsense')).toBe(1)
    expect(said.at(-1)).toBe('cannot reach nonsense: ERR_INVALID_URL Invalid URL')
  })
})
