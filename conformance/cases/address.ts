/**
 * Addresses that the sender writes itself. From an allowed address they can only do harm (a good call
 * is refused if one is believed), from another only good (a bad one gets further).
 */
import type { RequestCase } from '../case.ts'
import type { RequestMaker, Wire } from '../request-maker.ts'

/** For documentation only (RFC 5737), so that nobody comes from there and nobody allows it. */
const NOBODYS_ADDRESS = '192.0.2.1'

const inside = { group: 'address', from: 'inside', expects: { kind: 'admitted' } } as const

const outside = {
  group: 'address',
  from: 'outside',
  expects: { kind: 'refused', statuses: [403] },
} as const

const trust =
  'Narrow `trustedProxies` to the proxies that append to X-Forwarded-For, and let none pass on what its client wrote there.'

export const addressCases: readonly RequestCase[] = [
  ...spoofs(NOBODYS_ADDRESS).map(([name, field]) => ({
    ...inside,
    name: `spoofed-${name}`,
    sends: `a signed call that says it is from ${NOBODYS_ADDRESS}, in ${field.split(':')[0] ?? ''}`,
    caveat: 'so it was not believed, if the allowlist is enforced (see outside-signed)',
    failure: `The sender chooses its own address: the call was judged by the one it wrote. ${trust}`,
    requests: (make: RequestMaker) => [make.request({ fields: [field] })],
  })),
  {
    ...outside,
    name: 'outside-signed',
    sends: 'a signed call from an address that is not allowed',
    failure:
      'The allowlist does not keep this address out: set `checks.allowlist` to `enforce`, look at `allowlist` (`inngest-gateway ranges --config FILE --check ADDRESS`), and whether the gateway sees this address at all.',
    requests: (make) => [make.request()],
  },
  {
    ...outside,
    name: 'outside-unsigned',
    sends: 'an unsigned call from an address that is not allowed',
    failure:
      'The address is not looked at first, so that everybody may try signatures: set `checks.allowlist` to `enforce`.',
    requests: (make) => [make.request({ signatures: [] })],
  },
  {
    ...outside,
    name: 'outside-spoofed',
    sends: 'signed calls from such an address that say they are from an allowed one',
    failure: `The sender chooses its own address, and so passes the allowlist. ${trust}`,
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
