/**
 * An address in another spelling (threat A5; Hono CVE-2026-39409 and CVE-2026-47674): compared as text,
 * one address can be in no range, and another can pass for one in a range. Addresses are compared as
 * numbers here: IPv4-mapped forms are the IPv4 address, and other embeddings are other hosts.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const config = { allowlist: ['198.51.100.0/24'], trustedProxies: ['127.0.0.1'] }
const through = async (address: string) => {
  const target = await startTarget(config)
  return statusOf(await target.raw(signedCall(target, [`X-Forwarded-For: ${address}`])))
}

describe('an IPv4 address inside IPv6', () => {
  it.each([
    '198.51.100.7',
    '::ffff:198.51.100.7',
    '::ffff:c633:6407',
    '::FFFF:C633:6407',
    '0000:0000:0000:0000:0000:ffff:c633:6407',
    '0:0:0:0:0:ffff:198.51.100.7',
  ])('is that IPv4 address if it is mapped as %s', async (address) => {
    expect(await through(address)).toBe(200)
  })

  it.each([
    '::198.51.100.7',
    '64:ff9b::198.51.100.7',
    '2002:c633:6407::',
    '::ffff:0:198.51.100.7',
    'fe80::198.51.100.7',
  ])('is another host if it is embedded as %s', async (address) => {
    expect(await through(address)).toBe(403)
  })

  it.each([
    '198.51.100.07',
    '198.51.100.7.',
    '3325256711',
    '0xc6336407',
    '198.51.25607',
    '198.51.100.7\\',
  ])('is none at all if it is written as %s', async (address) => {
    expect(await through(address)).toBe(403)
  })
})
