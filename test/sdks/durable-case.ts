/** A durable endpoint: a user's request, and the re-entries by which Inngest continues its run. */
import { HOST } from './call.ts'
import { flatHeaders } from './exchange.ts'
import type { HonestCase } from './honest-cases.ts'

const RESULT = '{"results":["one","two"]}'

export const durableCase: HonestCase = {
  name: 'durable-endpoint',
  needs: 'durable',
  sends: 'a request of a user to a durable endpoint, and the re-entries of its run',
  run: async ({ send, port, scene: { standIn } }) => {
    standIn.callBackAt(port)
    const before = standIn.durable.sent.length
    const first = await send({
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
  accepts: (responses) => {
    const body = responses.at(-1)?.body ?? ''
    return body.replaceAll(/\s/g, '') === RESULT
  },
}
