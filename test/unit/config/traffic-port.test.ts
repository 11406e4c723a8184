import { describe, expect, it } from 'vitest'

import { readSettingsFile, readSettingsFromEnvironment } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const key = { INNGEST_SIGNING_KEY: 'signkey-test-12345678123456781234567812345678' }
const upstream = 'http://127.0.0.1:3000'

/** @returns the port, or the problems. */
function portOf(listen: string, env: Record<string, string>, flag?: string): number | string {
  const mount = mountSecret({
    'gateway.yaml': `${listen}
routes: [{ name: app, upstream: "${upstream}", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
  })
  const reading = readSettingsFile(
    mount.fileOf('gateway.yaml'),
    { ...key, ...env },
    flag === undefined ? {} : { port: flag },
  )
  return reading.ok
    ? reading.settings.config.listen.port
    : reading.problems.map(formatProblem).join('\n')
}

describe('the traffic port', () => {
  it.each([
    ['', {}, undefined, 8080],
    ['', { PORT: '8081' }, undefined, 8081],
    ['', { PORT: '8081' }, '8082', 8082],
    ['listen: { port: 8083 }', { PORT: '8081' }, undefined, 8083],
    ['listen: { port: 8083 }', { PORT: '8081' }, '8082', 8082],
    ['listen: { host: 127.0.0.1 }', { PORT: '8081' }, undefined, 8081],
    ['listen: { port: 8083 }', { PORT: 'abc' }, undefined, 8083],
  ])('becomes, with the file %j, %j and --port %s, %i', (listen, env, flag, port) => {
    expect(portOf(listen, env, flag)).toBe(port)
  })

  it.each(['abc', '', '99999', '1e3', ' 80', '080', '-1'])('is not PORT=%j', (PORT) => {
    expect(portOf('', { PORT })).toContain('PORT: expected a port from 0 to 65535')
  })

  it.each(['abc', '', '99999'])('is not --port %j', (flag) => {
    expect(portOf('', {}, flag)).toContain('--port: expected a port from 0 to 65535')
  })

  it('is named by its source where it clashes with another port', () => {
    expect(portOf('', { PORT: '9090' })).toContain('PORT: expected a port other than ops.port')
  })

  it('is taken from PORT without a file, too', () => {
    const reading = readSettingsFromEnvironment(upstream, { ...key, PORT: '8081' })
    expect(reading.ok && reading.settings.config.listen.port).toBe(8081)
  })
})
