/**
 * Addresses that the sender writes itself. If the gateway trusts them, a valid call from an allowed address is
 * refused, and an invalid one from another address gets further.
 */
import type { RequestCase } from '../case.ts'
import type { RequestMaker, Wire } from '../request-maker.ts'

/** Reserved for documentation (RFC 5737), so no client has it and no allowlist contains it. */
const NOBODYS_ADDRESS = '192.0.2.1'

const inside = { group: 'address', from: 'inside', expects: { kind: 'admitted' } } as const

const outside = {
  group: 'address',
  from: 'outside',
  expects: { kind: 'refused', statuses: [403] },
} as const

const trust =
  'Limit `trustedProxies` to proxies that append to X-Forwarded-For and discard the value that the client sent.'

export const addressCases: readonly RequestCase[] = [
  ...spoofs(NOBODYS_ADDRESS).map(([name, field]) => ({
    ...inside,
    name: `spoofed-${name}`,
    sends: `a signed function call that claims to be from ${NOBODYS_ADDRESS}, in ${field.split(':')[0] ?? ''}`,
    caveat: 'so the claimed address was ignored, if the allowlist is enforced (see outside-signed)',
    failure: `A client can choose its own address: the gateway used the address in the header. ${trust}`,
    requests: (make: RequestMaker) => [make.request({ fields: [field] })],
  })),
  {
    ...outside,
    name: 'outside-signed',
    sends: 'a signed function call from an address that is not allowed',
    failure:
      'The allowlist admits this address: set `checks.allowlist` to `enforce`, check `allowlist` (`inngest-gateway ips --config FILE --check ADDRESS`), and check `client_ip` in the log: the gateway may see another address.',
    requests: (make) => [make.request()],
  },
  {
    ...outside,
    name: 'outside-unsigned',
    sends: 'an unsigned function call from an address that is not allowed',
    failure:
      'The address is not checked first, so any client can try signatures: set `checks.allowlist` to `enforce`.',
    requests: (make) => [make.request({ signatures: [] })],
  },
  {
    ...outside,
    name: 'outside-spoofed',
    sends: 'signed function calls from such an address that claim to be from an allowed one',
    failure: `A client can choose its own address and so pass the allowlist. ${trust}`,
    requests: spoofedFromOutside,
  },
]

function spoofedFromOutside(make: RequestMaker): readonly Wire[] {
  return spoofs(make.options.allowedAddress).map(([label, field]) =>
    make.request({ label, fields: [field] }),
  )
}

function spoofs(address: string): readonly (readonly [name: string, field: string])[] {
  return [
    ['x-forwarded-for', `X-Forwarded-For: ${address}`],
    ['forwarded', `Forwarded: for=${address.includes(':') ? `"[${address}]"` : address}`],
    ['x-real-ip', `X-Real-IP: ${address}`],
  ]
}
