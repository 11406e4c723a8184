/** One signature, used more than once. */
import type { RequestCase } from '../case.ts'
import { IN_BAND, type Change, type RequestMaker, type Wire } from '../request-maker.ts'

const base = { group: 'replay', from: 'inside', expects: { kind: 'spent' } } as const

const enforce =
  'Set `checks.replay` of the route to `enforce` and, with more than one replica, `replay.store` to `redis`.'

/** Each on its own connection, so that a load balancer distributes them over replicas. */
const TIMES = 6

export const replayCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'replayed',
    sends: 'a signed function call, sent again after its response',
    failure: `A captured function call can be replayed. ${enforce}`,
    requests: (make) => [...Array(TIMES).keys()].map(repeat(make)),
  },
  {
    ...base,
    name: 'retargeted',
    sends: 'the signature of a completed function call, for another function and step',
    failure: `A captured function call can be replayed to every function and step, since the signature does not cover the query. ${enforce}`,
    requests: (make) =>
      reuse(make, [
        { label: 'other fnId', query: `fnId=${make.functionId}-2&stepId=step` },
        { label: 'other stepId', query: `fnId=${make.functionId}&stepId=step-2` },
        // On a route with `apps`, this call would be refused for another reason first.
        ...(make.options.app === undefined ? [{ label: 'no query', query: '' }] : []),
      ]),
  },
  {
    ...base,
    name: 'retargeted-unusual',
    sends: 'the same with a function call whose body does not begin as usual',
    failure: `A captured function call can be replayed to every function and step if its body does not begin as usual. ${enforce} If they are, update the gateway.`,
    requests: (make) => {
      const { body } = make.sign()
      return reuse(
        make,
        [
          { label: 'other fnId', query: `fnId=${make.functionId}-2&stepId=step` },
          { label: 'other stepId', query: `fnId=${make.functionId}&stepId=step-2` },
        ],
        make.sign(0, body.replace('{"ctx":', '{"a":[0],"ctx":')),
      )
    },
  },
  {
    ...base,
    name: 'retargeted-odd-context',
    sends: 'the same with function calls whose `ctx` does not begin as usual',
    failure: `A captured function call can be replayed to every function and step if its \`ctx\` does not begin as usual. ${enforce} If they are, update the gateway.`,
    requests: (make) => {
      const { body } = make.sign()
      // In canonical order, so that the app verifies the call without canonicalization.
      const odd = body
        .replace('"attempt":0', '"a":{"b":{}},"attempt":0,"camelCase":1')
        .replace('"env":""', `"env":"${'e'.repeat(LONG_NAME)}"`)
        .replace('"qi_id"', '"list":[0],"qi_id"')
      return reuse(
        make,
        [{ label: 'other fnId', query: `fnId=${make.functionId}-2&stepId=step` }],
        make.sign(0, odd),
      )
    },
  },
  {
    ...base,
    name: 'retargeted-host',
    sends: 'the signature of a completed function call, with `Host` in capitals',
    failure: `A captured function call can be replayed once for each spelling of the host. ${enforce} If they are, update the gateway.`,
    requests: (make) => reuse(make, [{ label: 'capitals', host: inCapitals(make) }]),
  },
  {
    ...base,
    name: 'replayed-as-sync',
    sends: 'the signature of a completed function call, as a sync (PUT)',
    expects: { kind: 'spent', statuses: [403] },
    failure: `A captured function call can make the app sync, since the signature does not cover the method. ${enforce} If they are, update the gateway.`,
    // In-band, so that an app that gets it registers nothing. `needs` protects an SDK that is too old for
    // in-band syncs.
    needs: 'replayed',
    requests: (make) => reuse(make, [{ label: 'PUT', method: 'PUT', fields: [IN_BAND] }]),
  },
  {
    ...base,
    name: 'replayed-sync',
    optIn: 'syncs',
    needs: 'replayed',
    sends: 'the signature of a completed sync, for another deployment and with `Host` in capitals',
    expects: { kind: 'spent', statuses: [403] },
    failure: `A captured sync can be replayed. ${enforce} If they are, update the gateway.`,
    requests: (make) => {
      const { origin, pathname } = make.options.url
      const inBand = { method: 'PUT', fields: [IN_BAND], query: '' }
      const changes = [
        { label: 'the sync' },
        { label: 'other deployId', query: 'deployId=conformance' },
        { label: 'capitals', host: inCapitals(make) },
      ]
      const signed = make.sign(0, JSON.stringify({ url: `${origin}${pathname}` }))
      return changes.map((change) => make.request({ ...inBand, ...change, signed }))
    },
  },
  {
    ...base,
    name: 'replayed-as-probe',
    sends: 'the signature of a completed function call, as a trust probe',
    // It contradicts itself, whether or not it is a replay.
    expects: { kind: 'spent', statuses: [400] },
    failure:
      'An SDK responds to the probe, and Inngest takes that for the result of the function call. Update the gateway.',
    requests: (make) =>
      reuse(make, [{ label: 'probe', query: `fnId=${make.functionId}&stepId=step&probe=trust` }]),
  },
  {
    ...base,
    name: 'replayed-at-once',
    sends: 'the same signed function call eight times at once',
    expects: { kind: 'once' },
    failure: `A captured function call can be replayed while the original is in flight. ${enforce}`,
    requests: (make) => [...Array(8).keys()].map(repeat(make)),
  },
  {
    ...base,
    name: 'doubled-step-id',
    sends: 'a signed function call with `stepId` twice in its query',
    expects: { kind: 'refused', statuses: [400] },
    failure:
      'The gateway and the app may each use a different `stepId`. Set `checks.signature` of the route to `enforce`. If it is, update the gateway.',
    requests: (make) => [
      make.request({ query: `fnId=${make.functionId}&stepId=step&stepId=step-2` }),
    ],
  },
]

/** Longer than any name of a branch. */
const LONG_NAME = 300

function inCapitals({ options }: RequestMaker): string {
  return options.url.host.toUpperCase()
}

function repeat(make: RequestMaker): (index: number) => Wire {
  const signed = make.sign()
  return (index) => make.request({ signed, label: `number ${String(index + 1)}` })
}

function reuse(
  make: RequestMaker,
  changes: readonly Change[],
  signed = make.sign(),
): readonly Wire[] {
  return [{}, ...changes].map((change) => make.request({ ...change, signed }))
}
