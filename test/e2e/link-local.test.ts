/** A peer with a link-local IPv6 address, which the system writes with its zone: `fe80::5%link0`. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** A network of its own: root needs no user namespace for it, and may not be given one. */
const ways = [['--net'], ['--user', '--map-root-user', '--net']]
const own = ways.find((way) => spawnSync('unshare', [...way, 'true']).status === 0) ?? []

function callFromLinkLocal(settings: object, fields: object = {}) {
  const program = [
    'test/support/link-local-call.ts',
    JSON.stringify(settings),
    JSON.stringify(fields),
  ]
  const { stdout, stderr } = spawnSync('unshare', [...own, process.execPath, ...program], {
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as { status: number; line: Record<string, unknown> }
}

describe('a peer with a link-local address', () => {
  it('is allowed by a range without a zone', () => {
    const { status, line } = callFromLinkLocal({ allowlist: ['fe80::/10'] })
    expect(status).toBe(200)
    expect(line).toMatchObject({ client_ip: 'fe80::5', client_ip_source: 'peer' })
  })

  it('is a trusted proxy by such a range', () => {
    const settings = { allowlist: ['2001:db8::/32'], trustedProxies: ['fe80::/10'] }
    const { status, line } = callFromLinkLocal(settings, { 'x-forwarded-for': '[2001:db8::1]' })
    expect(status).toBe(200)
    expect(line).toMatchObject({ client_ip: '2001:db8::1', client_ip_source: 'x-forwarded-for' })
  })

  it('is refused by any other', () => {
    expect(callFromLinkLocal({ allowlist: ['2001:db8::/32'] }).status).toBe(403)
  })
})
