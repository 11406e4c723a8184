/**
 * Re-entries of a durable endpoint that are not from Inngest. All of them must be refused. A valid one cannot
 * be tested, because the endpoint would run.
 */
import type { RequestCase } from '../case.ts'
import type { Change, RequestMaker, Wire } from '../request-maker.ts'

const base = {
  group: 'durable',
  from: 'inside',
  optIn: 'durable',
  expects: { kind: 'refused', statuses: [401] },
} as const

const policy = 'Set `policy: durable` on the route of this path.'

export const durableCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'durable-forged',
    sends: 're-entries of a durable endpoint, signed by an unknown key',
    failure: `Any client can try to continue the runs of the endpoint, or it takes each re-entry for a new user. ${policy} If it is, set \`checks.signature\` of the route to \`enforce\`.`,
    requests: (make) => [
      reentry(make, { label: 'POST', fields: [RUN_ID] }),
      reentry(make, { label: 'without X-Run-ID' }),
    ],
  },
  {
    ...base,
    name: 'durable-unsigned',
    needs: 'durable-forged',
    sends: 'requests to a durable endpoint with a header of Inngest and without a signature',
    failure: `A client can pretend to be Inngest, or each re-entry starts another run. ${policy} If it is, set \`checks.signature\` of the route to \`enforce\`.`,
    requests: (make) =>
      [RUN_ID, 'X-Inngest-Step-ID: step', 'X-Inngest-Job-ID: job'].map((field) =>
        reentry(make, { label: field, signatures: [], fields: [field] }),
      ),
  },
  {
    ...base,
    from: 'outside',
    name: 'outside-reentry',
    sends: 'a re-entry of a durable endpoint from an address that is not allowed',
    expects: { kind: 'refused', statuses: [403] },
    failure: `The address is not checked first, so any client can try signatures. ${policy} If it is, set \`checks.allowlist\` to \`enforce\`.`,
    requests: (make) => [reentry(make, { fields: [RUN_ID] })],
  },
]

/** A run id that no server has. */
const RUN_ID = 'X-Run-ID: 00000000000000000000000000'

function reentry(make: RequestMaker, change: Change): Wire {
  const { durableUrl } = make.options
  const at = durableUrl && {
    host: durableUrl.host,
    target: () => `${durableUrl.pathname}${durableUrl.search}`,
  }
  return make.request({ signed: make.forge(), ...at, ...change })
}
