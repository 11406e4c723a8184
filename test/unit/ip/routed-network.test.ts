import { describe, expect, it } from 'vitest'

import { parseAddress } from '../../../gateway/ip/address.ts'
import { routedNetworkOf } from '../../../gateway/ip/routed-network.ts'

describe('routedNetworkOf', () => {
  it.each([
    ['203.0.113.9', '203.0.113.0/24'],
    ['255.255.255.255', '255.255.255.0/24'],
    ['::ffff:203.0.113.9', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8::/48'],
    ['::1', '::/48'],
  ])('is for %s the network %s', (text, network) => {
    const address = parseAddress(text)
    expect(address && routedNetworkOf(address)).toBe(network)
  })
})
