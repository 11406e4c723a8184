/** A durable endpoint: a user's request, and the re-entries by which Inngest continues its run. */
import { isDeepStrictEqual } from 'node:util'

import { HOST } from './call.ts'
import { exchange, flatHeaders } from './exchange.ts'
import type { HonestCase } from './honest-cases.ts'

export const durableCase: HonestCase = {
  name: 'durable-endpoint',
  needs: 'durable',
  sends: 'a request of a user to a durable endpoint, and the re-entries of its run',
  run: async ({ port, scene: { standIn } }) => {
    standIn.callBackAt(port)
    const before = standIn.durable.sent.length
    const first = await exchange(port, {
      method: 'GET',
      target: '/durable',
      headers: { Host: HOST, Connection: 'close' },
      body: '',
    })
    await standIn.durable.idle()
    const reEntries = standIn.durable.sent
      .slice(before)
      .map(({ answer }) => ({ ...answer, headers: flatHeaders(answer.headers) }))
    const output = standIn.durable.runs.at(-1)?.output
    const shown = { status: output?.status ?? 0, headers: {}, body: output?.body ?? '' }
    return [first, ...reEntries, shown]
  },
  accepts: (responses) => isResult(responses.at(-1)?.body ?? ''),
}

/** The JS SDK has the response of the endpoint as a string in JSON (findings/inngest-js-endpoint-result-quoted.sh). */
function isResult(body: string): boolean {
  const value = body === '' ? undefined : (JSON.parse(body) as unknown)
  const result = typeof value === 'string' ? (JSON.parse(value) as unknown) : value
  return isDeepStrictEqual(result, { results: ['one', 'two'] })
}
