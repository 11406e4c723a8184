/** TLS on the traffic listener: versions, client certificates, and certificates that change. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { expectQuiet, freshBody, signedCall, startTarget, type Target } from '../support/attack.ts'
import { open } from '../support/raw.ts'
import { mountSecret } from '../support/secret-mount.ts'

const fixture = (name: string) => path.resolve('test/fixtures/tls', name)
const pem = (name: string) => readFileSync(fixture(name), 'utf8')
const files = { certFile: fixture('cert.pem'), keyFile: fixture('key.pem') }
const startTls = (tls: object = files, more: object = {}) =>
  startTarget({ listen: { host: '127.0.0.1', port: 0, tls }, ...more })

async function handshake(target: Target, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    port: target.gateway.port,
    host: 'localhost',
    ca: [pem('cert.pem'), pem('second-cert.pem')],
    ...options,
  })
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error))
  await Promise.race([once(socket, 'secureConnect'), failed])
  socket.on('error', () => undefined)
  return socket
}

function call(target: Target, options: object = {}): Promise<number> {
  const body = freshBody()
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      port: target.gateway.port,
      host: 'localhost',
      method: 'POST',
      path: '/api/inngest',
      ca: [pem('cert.pem'), pem('second-cert.pem')],
      headers: { 'x-inngest-signature': target.sign(body), 'content-length': body.length },
      agent: false,
      ...options,
    })
    request.on('response', (response: IncomingMessage) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0)
      })
    })
    request.on('error', reject).end(body)
  })
}

describe('TLS on the traffic listener', () => {
  it('admits a signed call, and tells the app that it came by https', async () => {
    const target = await startTls()
    expect(await call(target)).toBe(200)
    expect(target.upstream.seen[0]?.fields['x-forwarded-proto']).toEqual(['https'])
    expect(target.gateway.logLines[0]).toMatchObject({
      client_ip: '127.0.0.1',
      client_ip_source: 'peer',
    })
    await expectQuiet(target)
  })

  it.each(['TLSv1', 'TLSv1.1'] as const)('does not speak %s', async (version) => {
    const target = await startTls()
    const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(handshake(target, options)).rejects.toThrow()
    await expect.poll(() => target.reasons()).toEqual(['tls_failed'])
    expect(target.gateway.logLines[0]?.['remote_ip']).toBe('127.0.0.1')
    await expectQuiet(target)
  })

  it('speaks TLSv1.2 by default, and not where 1.3 is asked for', async () => {
    const open = await startTls()
    const older = { maxVersion: 'TLSv1.2' } as const
    const socket = await handshake(open, older)
    expect(socket.getProtocol()).toBe('TLSv1.2')
    socket.destroy()
    await expect(
      handshake(await startTls({ ...files, minVersion: 'TLSv1.3' }), older),
    ).rejects.toThrow()
  })

  it('hangs up on plain HTTP and on handshakes that never end or begin, and counts each', async () => {
    const target = await startTls(files, { limits: { headersTimeout: '300ms' } })
    expect(await target.raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('')
    const socket = await open(target.gateway.port)
    socket.write(Buffer.from([0x16, 0x03, 0x01]))
    const silent = await open(target.gateway.port)
    await Promise.all([once(socket.resume(), 'close'), once(silent.resume(), 'close')])
    await expect.poll(() => target.reasons()).toEqual(Array<string>(3).fill('tls_failed'))
    await expectQuiet(target)
  })

  it('says nothing of a port check, which sends nothing', async () => {
    const target = await startTls()
    const socket = await open(target.gateway.port)
    socket.destroy()
    await expectQuiet(target)
    expect(target.reasons()).toEqual([])
  })

  const proxyHeader = 'PROXY TCP4 192.0.2.10 10.0.0.1 1 2\r\n'
  const startBehindProxy = () =>
    startTarget({
      listen: { host: '127.0.0.1', port: 0, tls: files, proxyProtocol: true },
      trustedProxies: ['127.0.0.1'],
      allowlist: ['192.0.2.10'],
    })
  const callBehindProxy = async (target: Target) => {
    const socket = await open(target.gateway.port)
    socket.write(proxyHeader)
    const secure = await handshake(target, { socket })
    secure.write(signedCall(target))
    const [answer] = (await once(secure, 'data')) as [Buffer]
    return answer.toString()
  }

  it.each([
    ['no byte', 'end', ''],
    ['no byte', 'resetAndDestroy', ''],
    ['a PROXY header alone', 'end', proxyHeader],
    ['a PROXY header alone', 'resetAndDestroy', proxyHeader],
  ] as const)(
    'says nothing of a check behind the PROXY protocol that sends %s, by %s',
    async (_, close, bytes) => {
      const target = await startBehindProxy()
      const check = await open(target.gateway.port)
      if (bytes !== '') await new Promise((resolve) => check.write(bytes, resolve))
      check.resume()[close]()
      await once(check, 'close')
      // Accepted behind the check, so that what is logged of that one is there.
      expect(await callBehindProxy(target)).toMatch(/^HTTP\/1\.1 200/)
      expect(target.reasons()).toEqual(['none'])
    },
  )

  it('times out a head that never ends inside it', async () => {
    const target = await startTls(files, { limits: { headersTimeout: '2s' } })
    const socket = await handshake(target)
    socket.write('POST / HTTP/1.1\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408/)
    expect(target.reasons()).toEqual(['headers_timeout'])
    socket.destroy()
    await expectQuiet(target)
  })

  it('stands behind a PROXY header too', async () => {
    const target = await startBehindProxy()
    expect(await callBehindProxy(target)).toMatch(/^HTTP\/1\.1 200/)
    expect(target.gateway.logLines[0]).toMatchObject({
      client_ip: '192.0.2.10',
      client_ip_source: 'proxy-protocol',
    })
  })
})

describe('client certificates', () => {
  const tls = { ...files, clientCaFile: fixture('client-ca.pem') }
  it('are accepted from the named CA', async () => {
    const target = await startTls(tls)
    expect(await call(target, { cert: pem('client-cert.pem'), key: pem('client-key.pem') })).toBe(
      200,
    )
  })

  it.each([
    ['none', {}],
    ['that of a stranger', { cert: pem('stranger-cert.pem'), key: pem('stranger-key.pem') }],
    ['the server’s own', { cert: pem('cert.pem'), key: pem('key.pem') }],
  ])('end the connection before HTTP if they are %s', async (_, certificate) => {
    const target = await startTls(tls)
    await expect(call(target, certificate)).rejects.toThrow()
    await expect.poll(() => target.reasons()).toEqual(['tls_failed'])
    expect(target.upstream.bytes()).toBe('')
    await expectQuiet(target)
  })
})

describe('a certificate that changes', () => {
  const subjectOf = async (target: Target) => {
    const socket = await handshake(target)
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return CN
  }

  function mountPair() {
    const pair = (cert: string, key: string) => ({ 'tls.crt': pem(cert), 'tls.key': pem(key) })
    const secret = mountSecret(pair('cert.pem', 'key.pem'))
    const tls = { certFile: secret.fileOf('tls.crt'), keyFile: secret.fileOf('tls.key') }
    const put = (cert: string, key: string) => {
      secret.put(pair(cert, key))
    }
    return { tls, put }
  }

  it('is used from then on, and open connections go on', async () => {
    const secret = mountPair()
    const target = await startTls(secret.tls)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect(await call(target, { agent })).toBe(200)
    expect(await subjectOf(target)).toBe('localhost')
    secret.put('second-cert.pem', 'second-key.pem')
    await expect.poll(() => subjectOf(target), { timeout: 10_000 }).toBe('second.localhost')
    expect(await call(target, { agent })).toBe(200)
    expect(await target.metrics()).toContain(
      'inngest_gateway_config_reloads_total{result="success"} 1',
    )
    agent.destroy()
  })

  it('is used from then on for those who sign for clients too', async () => {
    const authorities = mountSecret({ 'clients.crt': pem('client-ca.pem') })
    const target = await startTls({ ...files, clientCaFile: authorities.fileOf('clients.crt') })
    const certificate = { cert: pem('client-cert.pem'), key: pem('client-key.pem') }
    const outcome = () => call(target, certificate).catch(() => 'refused')
    expect(await outcome()).toBe(200)
    authorities.put({ 'clients.crt': pem('stranger-cert.pem') })
    await expect.poll(outcome, { timeout: 10_000 }).toBe('refused')
  })

  it('is not used if it does not fit its key, and the log says so', async () => {
    const secret = mountPair()
    const target = await startTls(secret.tls)
    expect(await subjectOf(target)).toBe('localhost')
    secret.put('second-cert.pem', 'key.pem')
    await expect
      .poll(() => target.metrics(), { timeout: 10_000 })
      .toContain('inngest_gateway_config_reloads_total{result="failure"} 1')
    expect(await subjectOf(target)).toBe('localhost')
    expect(JSON.stringify(target.gateway.logLines)).toContain('configuration reload failed')
    secret.put('second-cert.pem', 'second-key.pem')
    await expect.poll(() => subjectOf(target), { timeout: 10_000 }).toBe('second.localhost')
  })
})
