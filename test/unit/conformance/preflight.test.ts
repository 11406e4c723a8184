/** What keeps anything from being tested is said once, and in words. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { tryAppAddress } from '../../../conformance/app-address.ts'
import { preflight } from '../../../conformance/preflight.ts'
import { randomKey, RequestMaker } from '../../../conformance/request-maker.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Answers each connection with the next of these; undefined hangs up, and null says nothing. */
async function startServer(answers: (string | undefined | null)[]): Promise<number> {
  const server = createServer((socket) => {
    stops.push(() => socket.destroy())
    socket
      .on('error', () => undefined)
      .once('data', () => {
        const answer = answers.shift()
        if (answer === undefined) socket.destroy()
        else if (answer !== null) socket.end(answer, 'latin1')
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => server.close())
  return (server.address() as AddressInfo).port
}

function answer(status: string, fields: string[] = [], error = status.slice(4)): string {
  const body = JSON.stringify({ error, requestId: 'a' })
  const head = [`HTTP/1.1 ${status}`, 'Content-Type: application/json', ...fields]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

const make = new RequestMaker({
  url: new URL('http://gateway.example/api/inngest'),
  key: randomKey(),
  maxAgeSeconds: 300,
  clockToleranceSeconds: 300,
  allowedAddress: '192.0.2.10',
  restrictedPaths: [],
  durableUrl: undefined,
  app: undefined,
  nowSeconds: () => 1_800_000_000,
})
const nowMs = () => 1_800_000_000_000
const dateOf = (seconds: number) => `Date: ${new Date(nowMs() + seconds * 1000).toUTCString()}`

/** Short only where it is waited for. */
const timeoutFor = (answers: (string | undefined | null)[]) =>
  answers.includes(null) ? 300 : 10_000

async function askOf(
  answers: (string | undefined | null)[],
  from: 'inside' | 'outside' = 'inside',
) {
  const timeoutMs = timeoutFor(answers)
  const place = { host: '127.0.0.1', port: await startServer(answers), tls: undefined }
  return preflight({ place, make, from, keyName: 'KEY', timeoutMs, nowMs })
}

const sdk = 'HTTP/1.1 500 Oops\r\nX-Inngest-SDK: js\r\nContent-Length: 0\r\n\r\n'

describe('the preflight', () => {
  it.each([
    ['the key', answer('401 Unauthorized', [dateOf(10)]), 'the key in KEY is not a signing key'],
    ['this clock, ahead', answer('401 Unauthorized', [dateOf(-400)]), '400 s ahead of'],
    ['this clock, behind', answer('401 Unauthorized', [dateOf(400)]), '400 s behind'],
    ['the address', answer('403 Forbidden'), '--expect-outside'],
    ['the path', answer('404 Not Found'), 'no route has this host and path'],
    [
      'something else',
      answer('400 Bad Request'),
      'search the log of the gateway for the request id',
    ],
    ['a redirect', 'HTTP/1.1 308 X\r\nLocation: https://b/\r\n\r\n', 'redirected to "https://b/"'],
    ['a proxy', 'HTTP/1.1 502 X\r\nServer: nginx\r\n\r\n', 'Server: nginx'],
    ['silence', null, 'did not respond'],
    ['hanging up', undefined, 'did not respond'],
  ])('blames %s', async (_, sent, problem) => {
    expect(await askOf([sent])).toContain(problem)
  })

  it.each([
    ['a redirect', 'Location: https://b'],
    ['a proxy', 'Server: b'],
  ])('shows what %s says in visible ASCII', async (_, field) => {
    const escapes = '\x1b[2J\x07\x9b31m\x9d0;t\x9c\x7f'
    const problem = await askOf([`HTTP/1.1 308 X\r\n${field}${escapes}\r\n\r\n`])
    expect(problem).toContain('b?[2J??31m?0;t??')
    expect(problem).toMatch(/^[\x20-\x7e]*$/)
  })

  it('says so where there are interim answers and never a final one', async () => {
    const interim = 'HTTP/1.1 103\r\n\r\n'
    expect(await askOf([interim.repeat(4000)])).toContain('only interim ones (1xx)')
    expect(await askOf([interim.repeat(11) + sdk])).toContain('only interim ones (1xx)')
    expect(await askOf([interim.repeat(10) + sdk])).toBeUndefined()
  })

  it('waits no less than no time', async () => {
    const warnings: Error[] = []
    const hear = (warning: Error) => warnings.push(warning)
    process.on('warning', hear)
    stops.push(() => process.off('warning', hear))
    const later = answer('503 Service Unavailable', ['Retry-After: -99999'])
    expect(await askOf([later, sdk])).toBeUndefined()
    expect(warnings).toEqual([])
  })

  it('has nothing to say where the app answers, or where everybody outside is refused', async () => {
    expect(await askOf([sdk])).toBeUndefined()
    expect(await askOf([answer('403 Forbidden')], 'outside')).toBeUndefined()
    expect(await askOf([answer('404 Not Found')], 'outside')).toContain('no route')
  })

  it('tries once more where it is put off', async () => {
    const later = answer('503 Service Unavailable', ['Retry-After: 0'])
    expect(await askOf([later, sdk])).toBeUndefined()
    expect(await askOf([later, later, sdk])).toContain('try again when the gateway is ready')
  })
})

describe('an address of the app', () => {
  it.each([
    ['answers', [sdk], 'failed'],
    ['answers by something else', ['HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n'], 'failed'],
    ['never ends its interim answers', ['HTTP/1.1 100\r\n\r\n'.repeat(4000)], 'failed'],
    ['answers in no HTTP', ['SSH-2.0-x\r\n\r\n'], 'failed'],
    ['answers in something else', ['SSH-2.0-x\r\n', undefined], 'failed'],
    ['wants TLS with a certificate', ['\x15\x03\x03\0\x02\x02\x46', undefined], 'passed'],
    ['is the gateway', [answer('401 Unauthorized')], 'passed'],
    ['hangs up', [undefined, undefined], 'passed'],
    ['says nothing', [null], 'not tested'],
  ])('is judged if it %s', async (_, answers, outcome) => {
    const timeoutMs = timeoutFor(answers)
    const address = { host: '127.0.0.1', port: await startServer(answers) }
    expect((await tryAppAddress(address, make, timeoutMs)).outcome).toBe(outcome)
  })
})
