import { describe, expect, it } from 'vitest'

import { awaitsContinue, requestHeadOf } from '../../../gateway/accept/request-head.ts'
import { RequestReader, type ReadRequest } from '../../../gateway/wire/request-reader.ts'

const PLAIN = { remoteAddress: '192.0.2.1', isEncrypted: false, proxied: undefined }
const ENCRYPTED = { ...PLAIN, isEncrypted: true }

function read(line: string, ...headers: readonly string[]): ReadRequest {
  const reader = new RequestReader(16_384)
  reader.bytes.append(Buffer.from(`${[line, ...headers].join('\r\n')}\r\n\r\n`))
  const event = reader.next()
  if (event?.kind !== 'head') throw new Error('no head')
  return event.head
}

describe('the target', () => {
  const targetOf = (target: string, connection = PLAIN, hosts: readonly string[] = ['Host: app']) =>
    requestHeadOf(read(`GET ${target} HTTP/1.1`, ...hosts), connection).target

  it.each([
    ['/a?b=http://other/', PLAIN, '/a?b=http://other/'],
    ['http://app/a?b', PLAIN, '/a?b'],
    ['HTTP://APP/a', PLAIN, '/a'],
    ['https://app/a', ENCRYPTED, '/a'],
    ['http://app//a', PLAIN, '//a'],
  ])('%s is read as its origin form', (target, connection, expected) => {
    expect(targetOf(target, connection)).toBe(expected)
  })

  it.each([
    // Of another host, another scheme, another port, or without a path.
    ['http://other/a', PLAIN],
    ['https://app/a', PLAIN],
    ['http://app/a', ENCRYPTED],
    ['http://app:80/a', PLAIN],
    ['http://app', PLAIN],
    ['http://app?a', PLAIN],
    ['*', PLAIN],
  ])('%s stays as it is', (target, connection) => {
    expect(targetOf(target, connection)).toBe(target)
  })

  it('stays as it is if there is no Host, or two', () => {
    expect(targetOf('http://app/a', PLAIN, [])).toBe('http://app/a')
    expect(targetOf('http://app/a', PLAIN, ['Host: app', 'Host: app'])).toBe('http://app/a')
  })
})

describe('an upgrade', () => {
  const isUpgrade = (...headers: readonly string[]) =>
    requestHeadOf(read('GET / HTTP/1.1', 'Host: app', ...headers), PLAIN).isUpgrade

  it('is one if Connection names it, and Upgrade a protocol', () => {
    expect(isUpgrade('Connection: keep-alive, Upgrade', 'Upgrade: websocket')).toBe(true)
    expect(isUpgrade('Connection: upgrade', 'Upgrade: h2c', 'Upgrade: websocket')).toBe(true)
    expect(isUpgrade('Upgrade: websocket')).toBe(false)
    expect(isUpgrade('Connection: Upgrade')).toBe(false)
  })

  it('is none in HTTP/1.0', () => {
    const headers = ['Host: app', 'Connection: Upgrade', 'Upgrade: websocket']
    expect(requestHeadOf(read('GET / HTTP/1.0', ...headers), PLAIN).isUpgrade).toBe(false)
  })

  it.each(['h2c', 'H2C'])('is none to %s, which is ignored (RFC 9110 7.8)', (protocol) => {
    expect(isUpgrade('Connection: Upgrade, HTTP2-Settings', `Upgrade: ${protocol}`)).toBe(false)
  })
})

it('makes only a client of HTTP/1.1 wait for a 100', () => {
  const waits = (version: string, ...headers: readonly string[]) =>
    awaitsContinue(read(`POST / HTTP/${version}`, 'Host: app', ...headers))
  expect(waits('1.1', 'Expect: 100-continue')).toBe(true)
  expect(waits('1.1')).toBe(false)
  expect(waits('1.0', 'Expect: 100-continue')).toBe(false)
})
