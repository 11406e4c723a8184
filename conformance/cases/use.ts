/** Uses of the route that Inngest never makes. */
import type { RequestCase } from '../case.ts'
import { IN_BAND } from '../request-maker.ts'

const base = { group: 'use', from: 'inside' } as const

const enforce = 'Set `checks.method` of the route to `enforce`.'

export const useCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'odd-methods',
    sends: 'PATCH, DELETE, OPTIONS, HEAD and TRACE',
    expects: { kind: 'refused', statuses: [405], inFront: 'refuses' },
    failure: `SDKs before 3.54 disclose data to other methods (CVE-2026-42047). ${enforce}`,
    requests: (make) =>
      ['PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE'].map((method) =>
        make.request({ method, signatures: [], body: '' }),
      ),
  },
  {
    ...base,
    name: 'introspection-with-body',
    sends: 'a signed GET with the body of a function call',
    expects: { kind: 'refused', statuses: [400, 405] },
    failure: `A redirected function call returns introspection data and counts as done without having run. ${enforce}`,
    requests: (make) => [make.request({ method: 'GET' })],
  },
  {
    ...base,
    name: 'introspection-as-call',
    sends: 'the signature of a GET, on a POST without a body',
    expects: { kind: 'refused', statuses: [400] },
    failure:
      'The signature of an introspection authorizes a function call. Set `checks.signature` and `checks.runId` of the route to `enforce`. If they are, update the gateway.',
    requests: (make) => [
      make.request({ signed: make.sign(0, ''), framing: ['Content-Length: 0'] }),
    ],
  },
  {
    ...base,
    name: 'introspection-as-sync',
    optIn: 'syncs',
    needs: 'introspection-as-call',
    sends: 'the signature of a GET, on a PUT without a body',
    expects: { kind: 'refused', statuses: [400], reportedBy: 'checks.syncBody' },
    failure:
      'The signature of an introspection makes the app sync. Set `checks.syncBody` of the route to `enforce`.',
    requests: (make) => [
      make.request({
        method: 'PUT',
        signed: make.sign(0, ''),
        query: '',
        fields: [IN_BAND],
        framing: ['Content-Length: 0'],
      }),
    ],
  },
  {
    ...base,
    name: 'foreign-sync',
    optIn: 'syncs',
    sends: 'a signed sync with the `url` of another app',
    expects: { kind: 'refused', statuses: [403], reportedBy: 'checks.syncUrl' },
    failure:
      'A sync for another app with the same signing key makes this app sync. Set `checks.syncUrl` of the route to `enforce`.',
    requests: (make) => {
      const signed = make.sign(0, '{"url":"https://app.invalid/other"}')
      return [make.request({ method: 'PUT', signed, query: '', fields: [IN_BAND] })]
    },
  },
  {
    ...base,
    name: 'probe-with-function',
    sends: 'a trust probe without a body that names a function',
    expects: { kind: 'refused', statuses: [400] },
    failure:
      'A function call passes as a trust probe, which has fewer checks. Set `checks.signature` of the route to `enforce`. If it is, update the gateway.',
    requests: (make) => [
      make.request({
        signed: make.sign(0, ''),
        query: `fnId=${make.functionId}&stepId=step&probe=trust`,
        framing: ['Content-Length: 0'],
      }),
    ],
  },
  {
    ...base,
    name: 'compressed-body',
    sends: 'a signed function call marked as compressed',
    expects: { kind: 'refused', statuses: [415] },
    failure: `The app may read a body other than the verified one. ${enforce}`,
    requests: (make) => [make.request({ fields: ['Content-Encoding: gzip'] })],
  },
]
