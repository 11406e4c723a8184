/**
 * Ranges that hold more than they say (threats A6, A7; proxy-addr CVE-2026-90711, netmask CVE-2021-28918
 * and CVE-2021-29418, ip-address CVE-2026-69192): libraries read some notations as wider ranges, or as
 * other addresses, than were meant. Each is a start error here.
 */
import { describe, expect, it } from 'vitest'

import { startTestGateway } from '../support/test-gateway.ts'

const traps = [
  '::ffff:10.0.0.0/8',
  '::ffff:10.0.0.0/95',
  '::ffff:0:0/96',
  '::ffff:0:0/90',
  '0.0.0.0/0',
  '::/0',
  '010.0.0.1',
  '10.0.0.0/08',
  '10.0.0.0/+8',
  '10.0.0.0/ 8',
  '10.0.0.0/33',
  '2001:db8::/129',
  '1.2.3',
  '1.2.3/24',
  '0x7f.0.0.1',
  '2130706433',
  '10.0.0.1\n',
  ' 10.0.0.1',
  '10.0.0.1/8',
  '2001:db8::1/32',
  'fe80::1%eth0',
  '10.0.0.0/255.0.0.0',
  '10.0.0.0-10.0.0.9',
  '*',
  '',
  'localhost',
]

describe('a range that holds more than it says', () => {
  it.each(traps.flatMap((trap) => ['allowlist', 'trustedProxies'].map((key) => [key, trap])))(
    '%s: %j refuses to start',
    async (key = '', trap) => {
      await expect(startTestGateway('http://127.0.0.1:1', { [key]: [trap] })).rejects.toThrow(
        `${key}[0]: expected`,
      )
    },
  )

  it.each(['unsignedPut', 'unsignedGet'])('stops the start, in %s', async (key) => {
    const route = {
      name: 'a',
      upstream: 'http://127.0.0.1:1',
      host: 'a',
      signingKeys: [{ env: 'PRIMARY' }],
    }
    const config = { routes: [{ ...route, [key]: { allowFrom: ['0.0.0.0/0'] } }] }
    await expect(startTestGateway('', config)).rejects.toThrow(key)
  })
})
