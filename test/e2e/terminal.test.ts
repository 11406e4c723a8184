/** What an operator sees who starts the gateway on a terminal. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'

import { postCall, signCall, startGatewayProcess } from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'
import { runGatewayOnTerminal } from '../support/terminal.ts'

const signingKeys = [{ env: 'INNGEST_SIGNING_KEY' }]

async function startUpstream(): Promise<string> {
  const app = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
  onTestFinished(() => void app.close())
  await once(app, 'listening')
  return `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
}

const sendUnsigned = (port: number) => send({ port, body: '{}' })

describe('a gateway on a terminal', () => {
  it('shows each request in one line, in the color of its decision', async () => {
    const upstream = await startUpstream()
    const routes = [
      { name: 'billing', upstream, signingKeys },
      { name: 'gone', path: '/gone', upstream: 'http://127.0.0.1:1', signingKeys },
      { name: 'new', path: '/new', upstream, signingKeys, checks: { runId: 'report' } },
    ]
    const { port, output, shown: wait, interrupt } = await runGatewayOnTerminal({ routes })
    const call = signCall()
    await postCall(port, call)
    await postCall(port, call)
    await sendUnsigned(port)
    for (const target of ['/gone', '/new']) {
      const { body, signature } = signCall()
      const headers = { 'x-inngest-signature': signature, 'x-run-id': 'another' }
      await send({ port, target, body, headers: target === '/new' ? headers : { 'x-inngest-signature': signature } }) // prettier-ignore
    }
    // The terminal shows `^C` at once, in front of lines that are still to come.
    await wait(/ POST \/new .*\n/)
    await interrupt()
    const requests = output()
      .split('\n')
      .filter((line) => line.includes(' POST '))
    const shown = requests.map((line) =>
      line.replace(/^\d\d:\d\d:\d\d /, 'TIME ').replace(/ [\d.]+m?s$/, ' DURATION'),
    )
    expect(shown).toEqual([
      'TIME \x1b[32m200 admitted\x1b[39m POST /api/inngest billing 127.0.0.1 DURATION',
      'TIME \x1b[31m409 replayed\x1b[39m POST /api/inngest billing 127.0.0.1 DURATION',
      'TIME \x1b[31m401 signature_missing\x1b[39m POST /api/inngest billing 127.0.0.1 DURATION',
      'TIME \x1b[35m502 upstream_connect\x1b[39m POST /gone gone 127.0.0.1 DURATION',
      'TIME \x1b[33m200 report-only:run_id_mismatch\x1b[39m POST /new new 127.0.0.1 DURATION',
    ])
  })

  it.each([
    [{ TERM: 'xterm' }, true],
    [{ TERM: 'xterm', NO_COLOR: '1' }, false],
    [{ TERM: 'xterm', NO_COLOR: '' }, true],
    [{ TERM: 'dumb' }, false],
    [{ TERM: 'dumb', FORCE_COLOR: '1' }, true],
    [{ TERM: 'xterm', FORCE_COLOR: '0' }, false],
  ])('colors lines as %j asks', async (env, isColored) => {
    const { port, shown, output } = await runGatewayOnTerminal({}, [], env)
    await sendUnsigned(port)
    await shown(/401 signature_missing.* POST .*\n/)
    expect(output().includes('\x1b')).toBe(isColored)
  })

  it('shows local time', async () => {
    const hourIn = async (zone: string) => {
      const { shown } = await runGatewayOnTerminal({}, [], { TERM: 'dumb', TZ: zone })
      const [, hours, minutes] = await shown(/^(\d\d):(\d\d):\d\d info {2}started/m)
      return Number(hours) * 60 + Number(minutes)
    }
    const [first, second] = [await hourIn('Etc/GMT-2'), await hourIn('Etc/GMT-7')]
    // Five hours, and the minutes between the two starts.
    expect(Math.floor(((second - first + 24 * 60) % (24 * 60)) / 60)).toBe(5)
  })

  it.each([1, 2])('shows every field with --verbose, with %i process(es)', async (workers) => {
    const { port, shown } = await runGatewayOnTerminal({ workers }, ['--verbose'], { TERM: 'dumb' })
    await expect.poll(() => sendUnsigned(port).then(({ status }) => status)).toBe(401)
    await shown(/ 401 signature_missing POST .*\n(?: {9}\S.*\n)* {9}client_ip_source +peer\n/)
  })
})

it('logs JSON without colors where standard output is no terminal', async () => {
  const gateway = await startGatewayProcess('http://127.0.0.1:1', {}, { FORCE_COLOR: '1' })
  await sendUnsigned(gateway.port)
  const findRequest = () => gateway.log.find(({ msg }) => msg === 'request')
  await expect.poll(findRequest).toMatchObject({ reason: 'signature_missing', status: 401 })
})
