/** What Inngest sends, and what therefore has to reach the app. */
import type { RequestCase } from '../case.ts'

const base = { group: 'admitted', from: 'inside', expects: { kind: 'admitted' } } as const

export const admittedCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'signed-call',
    sends: 'a signed call of a function that no app has',
    failure:
      "Inngest's own calls fare alike. `grep REQUEST_ID LOG | inngest-gateway explain --config FILE --log -` says why.",
    requests: (make) => [make.request()],
  },
  {
    ...base,
    name: 'reencoded-call',
    sends: 'a signed call whose JSON was written anew on its way',
    failure:
      'A hop that re-encodes JSON makes calls fail. Look for the request id in the log; if the app refused it, a newer SDK may help.',
    requests: (make) => {
      const signed = make.sign()
      const body = signed.body.replace('{"ctx":', '{ "ctx" : ').replaceAll('step"', '\\u0073tep"')
      return [make.request({ signed, body })]
    },
  },
  {
    ...base,
    name: 'signed-introspection',
    sends: 'a signed GET',
    expects: {
      kind: 'admitted',
      unless: { status: 405, why: 'introspection is off on this route' },
      needsSuccess: true,
    },
    failure: "Inngest's introspection gets no answer. Look for the request id in the log.",
    requests: (make) => [make.request({ method: 'GET', signed: make.sign(0, ''), query: '' })],
  },
  {
    ...base,
    name: 'trust-probe',
    sends: 'a signed trust probe',
    expects: { kind: 'admitted', needsSuccess: true },
    failure: 'Inngest cannot tell that the app has the key. Look for the request id in the log.',
    requests: (make) => [make.request({ signed: make.sign(0, '{}'), query: 'probe=trust' })],
  },
]
