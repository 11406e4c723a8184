/** Requests as Inngest sends them, which have to reach the app. */
import type { RequestCase } from '../case.ts'

const base = { group: 'admitted', from: 'inside', expects: { kind: 'admitted' } } as const

export const admittedCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'signed-call',
    sends: 'a signed call of a function that no app has',
    failure:
      "Inngest's real requests fail the same way. `grep REQUEST_ID LOG | inngest-gateway explain --config FILE --log -` shows why.",
    requests: (make) => [make.request()],
  },
  {
    ...base,
    name: 'reencoded-call',
    sends: 'a signed function call whose JSON was rewritten in transit',
    failure:
      'A proxy that re-encodes JSON makes function calls fail. Search the log for the request id; if the app refused the request, a newer SDK may help.',
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
    failure: "Inngest's introspection fails. Search the log for the request id.",
    requests: (make) => [make.request({ method: 'GET', signed: make.sign(0, ''), query: '' })],
  },
  {
    ...base,
    name: 'trust-probe',
    sends: 'a signed trust probe',
    expects: { kind: 'admitted', needsSuccess: true },
    failure:
      'Inngest cannot verify that the app has the signing key. Search the log for the request id.',
    requests: (make) => [make.request({ signed: make.sign(0, '{}'), query: 'probe=trust' })],
  },
]
