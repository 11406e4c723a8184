/** Ids that a signature does not cover, compared with those in the signed body. */
import type { RequestCase } from '../case.ts'
import { NO_FUNCTION, type RequestMaker, type Signed, type Wire } from '../request-maker.ts'

const base = { group: 'agreement', from: 'inside' } as const

const enforce = 'Set `checks.runId` of the route to `enforce` and, if it is, update the gateway.'

export const agreementCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'run-id-mismatch',
    sends: 'a signed function call whose `X-Run-ID` differs from the run in its body',
    expects: { kind: 'refused', statuses: [401] },
    failure: `The app, or a proxy in front, may use a run id that was not signed. ${enforce}`,
    requests: (make) => [make.request({ fields: ['X-Run-ID: 00000000000000000000000001'] })],
  },
  {
    ...base,
    name: 'run-id-missing',
    sends: 'signed bodies without a `ctx.run_id`',
    expects: { kind: 'refused', statuses: [401] },
    failure: `A body that Inngest signed for another purpose passes as a function call. ${enforce}`,
    requests: (make) => [
      withBody(make, 'no run id', (body) => body.replace(/"run_id":"\d+",/, '')),
      withBody(make, 'an empty run id', (body) => body.replace(/("run_id":)"\d+"/, '$1""')),
      withBody(make, 'no ctx', () => '{"data":{}}'),
    ],
  },
  {
    ...base,
    name: 'app-not-served',
    optIn: 'app',
    sends: 'a signed function call whose `fnId` belongs to no app of the route',
    expects: { kind: 'refused', statuses: [403] },
    failure:
      'A function call that was made for another app of the environment is forwarded to this one. List the apps of the route in `apps`, and set `checks.app` to `enforce`.',
    requests: (make) => [
      make.request({ label: 'another app', query: `fnId=another-app-${NO_FUNCTION}&stepId=step` }),
      make.request({ label: 'no fnId', query: '' }),
    ],
  },
  {
    ...base,
    name: 'call-ids-mismatch',
    sends: 'signed function calls with another job, generation, version or step in a header',
    expects: { kind: 'refused', statuses: [401], reportedBy: 'checks.callIds' },
    failure:
      'The app, or a proxy in front, may use a job or step id that was not signed. Set `checks.callIds` of the route to `enforce`.',
    requests: (make) =>
      [
        'X-Inngest-Job-ID: other',
        'X-Inngest-Generation-ID: 2',
        'X-Inngest-Req-Version: 1',
        'X-Inngest-Step-ID: other',
      ].map((field) => {
        const { body } = make.sign()
        const ids = body.replace('"qi_id"', '"generation_id":1,"job_id":"job","qi_id"')
        const label = field.split(':')[0] ?? ''
        return make.request({ label, signed: make.sign(0, ids), fields: [field] })
      }),
  },
]

function withBody(make: RequestMaker, label: string, change: (body: string) => string): Wire {
  const signed: Signed = make.sign(0, change(make.sign().body))
  return make.request({ label, signed, query: `fnId=${make.functionId}&stepId=step` })
}
