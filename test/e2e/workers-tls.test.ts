/** Several workers that speak TLS on their one port, and a certificate that changes under them. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import { patient, signCall, startWorkers, workersIn } from '../support/gateway-process.ts'
import { mountSecret } from '../support/secret-mount.ts'

const pem = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')
const pair = (cert: string, key: string) => ({ 'tls.crt': pem(cert), 'tls.key': pem(key) })

/** @returns the status, and whose certificate was shown. */
async function call(port: number): Promise<{ status: number | undefined; name: string }> {
  const { body, signature } = signCall()
  const request = httpsRequest({
    port,
    host: 'localhost',
    family: 4,
    method: 'POST',
    path: '/api/inngest',
    ca: [pem('cert.pem'), pem('second-cert.pem')],
    headers: { 'x-inngest-signature': signature, 'content-length': body.length },
    agent: false,
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (!(response.socket instanceof TLSSocket)) throw new Error('it came without TLS')
  const { subject } = response.socket.getPeerCertificate()
  await response.resume().toArray()
  return { status: response.statusCode, name: String(subject.CN) }
}

/** @returns what so many calls at once had to tell, each once. */
async function answersOf(calls: number, port: number): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: calls }, () => call(port)))
  return new Set(answers.map(({ status, name }) => `${String(status)} ${name}`))
}

it('shows the certificate of the files in every worker, and another when they change', async () => {
  const app = await startNamedApp('app')
  const secret = mountSecret(pair('cert.pem', 'key.pem'))
  const tls = { certFile: secret.fileOf('tls.crt'), keyFile: secret.fileOf('tls.key') }
  const gateway = await startWorkers(app.url, { listen: { host: '127.0.0.1', port: 0, tls } })
  expect(await answersOf(100, gateway.port)).toEqual(new Set(['200 localhost']))
  await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))

  // One that does not fit its key changes nothing in any of them.
  const saidBy = (msg: string) =>
    gateway.log
      .filter((line) => line['msg'] === msg)
      .map(({ worker }) => worker)
      .sort()
  secret.put(pair('second-cert.pem', 'key.pem'))
  const kept = 'configuration reload failed; still running the previous configuration'
  await expect.poll(() => saidBy(kept), patient).toEqual([1, 2])
  expect(await answersOf(50, gateway.port)).toEqual(new Set(['200 localhost']))

  secret.put(pair('second-cert.pem', 'second-key.pem'))
  await expect.poll(() => saidBy('configuration reloaded'), patient).toEqual([1, 2])
  expect(await answersOf(100, gateway.port)).toEqual(new Set(['200 second.localhost']))

  // So does one that takes the place of another.
  const [first = 0] = await gateway.workerPids()
  process.kill(first, 'SIGKILL')
  await expect.poll(() => gateway.log.map(({ msg }) => msg), patient).toContain('worker replaced')
  const answers = new Set<string>()
  const askAgain = async () => {
    for (const answer of await answersOf(50, gateway.port)) answers.add(answer)
    return workersIn(gateway)
  }
  await expect.poll(askAgain, patient).toContain(3)
  expect(answers).toEqual(new Set(['200 second.localhost']))
}, 60_000)
