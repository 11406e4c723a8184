/**
 * Escape sequences in a request, on the operator's terminal (nginx CVE-2009-4487, Apache httpd
 * CVE-2013-1862): they could hide lines of the log, or type a command. The gateway runs on a real
 * pseudo-terminal here, and no byte of a sequence may reach it.
 */
import { expect, it } from 'vitest'

import { patient } from '../support/gateway-process.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { sendRaw } from '../support/raw.ts'
import { runGatewayOnTerminal, runOnTerminal } from '../support/terminal.ts'

/** Sets a title, erases the display, in seven bits and in eight, and reverses what follows. */
const sequences = ['\x1b]0;title\x07', '\x1b[2J', '\x9b2J', '\xe2\x80\xae', '\x7f', '\r', '\x08']
const obeyed = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/

it.each([[[]], [['--verbose']]])('shows nothing that a terminal obeys: run %j', async (args) => {
  const { port, output, interrupt } = await runGatewayOnTerminal({}, args, { TERM: 'dumb' })
  const escaped = encodeURIComponent('\x1b[2J\u202e')
  const requests = sequences.flatMap((text) => [
    `${text} /api/inngest HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n`,
    `POST /${text} HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n`,
    `POST /api/inngest?fnId=${text} HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n`,
    `POST /api/inngest HTTP/1.1\r\nConnection: close\r\nHost: ${text}\r\n\r\n`,
    ...['X-Run-ID', 'X-Request-Id', 'X-Forwarded-For', 'X-Inngest-Signature', 'Traceparent'].map(
      (name) =>
        `POST /api/inngest HTTP/1.1\r\nConnection: close\r\nHost: a\r\n${name}: ${text}\r\n\r\n`,
    ),
  ])
  requests.push(
    `POST /api/inngest?fnId=${escaped}&stepId=${escaped} HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n`,
  )
  await Promise.all(requests.map((bytes) => sendRaw(port, Buffer.from(bytes, 'latin1'))))
  const countLines = () => output().match(/^\d\d:\d\d:\d\d (?:\d{3}|---) .*\n/gm)?.length
  await expect.poll(countLines, patient).toBe(requests.length)
  await interrupt()
  expect(output()).not.toMatch(obeyed)
})

it('shows nothing that a terminal obeys of a log line that it explains', async () => {
  const line = {
    decision: 'refused',
    reason: 'unrouted\x1b[2J',
    host: '\x1b]0;title\x07',
    path: '/\x9b2J',
    remote_ip: '\u202e',
  }
  const file = mountSecret({ 'line.json': JSON.stringify(line) }).fileOf('line.json')
  const { interrupt, shown, output } = runOnTerminal(
    ['explain', '--upstream', 'http://127.0.0.1:1', '--log', file],
    { INNGEST_SIGNING_KEY: 'signkey-test-12345678123456781234567812345678', TERM: 'xterm' },
  )
  await shown(/^decision .*\n/m)
  await interrupt()
  expect(output()).not.toMatch(obeyed)
  expect(output()).toContain('/\\u{9b}2J')
})
