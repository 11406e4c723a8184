import { describe, expect, it } from 'vitest'

import { checkShape } from '../../../gateway/config/read/check-shape.ts'
import { listenerClashes } from '../../../gateway/config/cross-checks.ts'
import type { Locate } from '../../../gateway/config/problem.ts'

const LISTENERS = ['listen', 'ops', 'externalAuth']
const locate: Locate = (path) => ({ file: 'gateway.yaml', line: undefined, path })

function problemsOf(host: string): string[] {
  const { problems } = checkShape(
    {
      listen: { host },
      ops: { host },
      externalAuth: { host, protocol: 'ext_authz' },
      trustedProxies: ['192.0.2.1'],
      routes: [{ name: 'a', upstream: 'http://a', signingKeys: [{ env: 'KEY' }] }],
    },
    locate,
  )
  return problems.map(({ path, expected }) => `${path}: ${expected}`)
}

describe('the host of a listener', () => {
  it.each(['::', '::1', 'fe80::1%eth0', '::ffff:127.0.0.1', '127.0.0.1', 'localhost', 'my_host.a'])(
    'may be %s',
    (host) => {
      expect(problemsOf(host)).toEqual([])
    },
  )

  it.each(['0.0.0.0:8080', 'gateway:8080', '[::]:8080', '[::]', ':8080', 'http://a', 'a b'])(
    'cannot be %s',
    (host) => {
      expect(problemsOf(host)).toEqual(
        LISTENERS.map((name) => `${name}.host: an address or name without a port`),
      )
    },
  )
})

describe('one port of two listeners', () => {
  const clashes = (one: string, other: string) =>
    listenerClashes(
      { listen: { host: one, port: 81 }, ops: { host: other, port: 81 } },
      locate,
    ).map(({ path }) => path)

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
    ['0.0.0.0', 'localhost'],
  ])('is a clash at %s and %s', (one, other) => {
    expect(clashes(one, other)).toEqual(['ops.port'])
  })

  it('is none at two addresses', () => {
    expect(clashes('10.0.0.1', 'localhost')).toEqual([])
  })
})
