/** Calls with signatures that Inngest did not make for them. */
import type { RequestCase } from '../case.ts'
import type { RequestMaker, Wire } from '../request-maker.ts'

const base = {
  group: 'signature',
  from: 'inside',
  expects: { kind: 'refused', statuses: [401] },
} as const

const enforce = 'Set `checks.signature` of the route to `enforce`.'

/** Where introspection is off, a GET is refused for its method. */
const getRefused = { kind: 'refused', statuses: [401, 405] } as const

export const signatureCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'unsigned-call',
    sends: 'a function call without a signature',
    failure: `Any client can call functions. ${enforce}`,
    requests: (make) => [make.request({ signatures: [] })],
  },
  {
    ...base,
    name: 'empty-signature',
    sends: 'a function call with an empty signature',
    failure: `Any client can call functions. ${enforce}`,
    requests: (make) => [make.request({ signatures: [''] })],
  },
  {
    ...base,
    name: 'foreign-key',
    sends: 'a function call signed with a random key',
    failure: `Any key is accepted, so any client can call functions. ${enforce}`,
    requests: (make) => [make.request({ signed: make.forge() })],
  },
  {
    ...base,
    name: 'tampered-body',
    sends: 'a function call changed after signing',
    failure: `An attacker who captures a function call can replace its event. ${enforce}`,
    requests: (make) => {
      const signed = make.sign()
      return [make.request({ signed, body: signed.body.replace('"attempt":0', '"attempt":1') })]
    },
  },
  {
    ...base,
    name: 'tampered-timestamp',
    sends: 'a signature whose time was changed by one second',
    failure: `A captured function call never expires. ${enforce}`,
    requests: (make) => {
      const signed = make.sign()
      return [1, -1].map((step) => {
        const signature = signed.signature.replace(/\d{10}/, (t) => String(Number(t) + step))
        return make.request({ signed, signatures: [signature], label: `${String(step)} s` })
      })
    },
  },
  {
    ...base,
    name: 'moved-digits',
    sends: 'a body extended by a digit of the signed time',
    failure: `One signature matches two bodies, since the signed text has no separator between body and time. ${enforce}`,
    requests: (make) => {
      const signed = make.sign(0, '1')
      const body = `${signed.body}${signed.signature.slice(2, 3)}`
      const signature = signed.signature.replace(/^t=\d/, 't=')
      return [make.request({ signed, signatures: [signature], body })]
    },
  },
  {
    ...base,
    name: 'unreadable-json',
    sends: 'JSON with a key twice, under the signature of other JSON',
    failure: `An ambiguous body passes as the body that was signed. ${enforce}`,
    requests: (make) => {
      const signed = make.sign(0, '{"ctx":{"attempt":1},"events":[]}')
      return [make.request({ signed, body: '{"ctx":{"attempt":0,"attempt":1},"events":[]}' })]
    },
  },
  {
    ...base,
    name: 'doubled-signature',
    sends: 'a function call with two signatures, one or both of them valid',
    failure:
      'The gateway and the app may each check a different signature. Check whether a proxy between them adds or removes headers.',
    requests: doubled,
  },
  {
    ...base,
    name: 'respelt-signature',
    sends: 'a valid signature in spellings that Inngest does not use',
    failure: `The same signature may be replayed once for each spelling. ${enforce}`,
    requests: (make) => respellings.map(([label, respell]) => respelt(make, label, respell)),
  },
  {
    ...base,
    name: 'unsigned-introspection',
    sends: 'a GET without a signature',
    expects: getRefused,
    failure: `Any client can read the introspection data of the app; some SDKs include a hash that is a credential. Remove this address from \`unsignedGet\`. ${enforce}`,
    requests: (make) => [make.request({ method: 'GET', signatures: [], body: '', query: '' })],
  },
  {
    ...base,
    name: 'forged-introspection',
    sends: 'a GET signed with a random key',
    expects: getRefused,
    failure: `Any key is accepted. ${enforce}`,
    requests: (make) => {
      const { signature } = make.forge()
      return [make.request({ method: 'GET', signatures: [signature], body: '', query: '' })]
    },
  },
  {
    ...base,
    name: 'unsigned-sync',
    sends: 'a PUT without a signature',
    failure: `Any client can make the app register under another address. Remove this address from \`unsignedPut\`, or set \`checks.signature\` of the route to \`enforce\`.`,
    // An SDK registers the app for an unsigned PUT, with the URL that it was sent to. This one is in-band,
    // which registers nothing. `needs` protects an SDK that is too old for in-band syncs.
    needs: 'unsigned-call',
    requests: (make) => [
      make.request({
        method: 'PUT',
        signatures: [],
        body: '',
        query: '',
        fields: ['X-Inngest-Sync-Kind: in_band'],
        framing: ['Content-Length: 0'],
      }),
    ],
  },
]

function doubled(make: RequestMaker): readonly Wire[] {
  const signed = make.sign()
  const forged = make.forge().signature
  const good = signed.signature
  const pairs = { 'good, forged': [good, forged], 'forged, good': [forged, good] }
  return Object.entries({ ...pairs, 'good, good': [good, good] }).map(([label, signatures]) =>
    make.request({ signed, signatures, label }),
  )
}

const respellings: readonly (readonly [string, (good: string) => string])[] = [
  // Only the digits a to f: the letters t and s do not change.
  ['upper case', (good) => good.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())],
  ['other order', (good) => good.split('&').reverse().join('&')],
  ['one parameter more', (good) => `${good}&v=1`],
  ['percent-encoded', (good) => good.replace('t=', '%74=')],
  ['a leading zero', (good) => good.replace('t=', 't=0')],
  ['t twice', (good) => `${good.split('&')[0] ?? ''}&${good}`],
  ['a prefix', (good) => `?${good}`],
]

function respelt(make: RequestMaker, label: string, respell: (good: string) => string): Wire {
  const signed = make.sign()
  return make.request({ signed, signatures: [respell(signed.signature)], label })
}
