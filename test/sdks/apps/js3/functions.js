/** What every app of this folder serves: the functions that the battery calls (test/sdks/README.md). */
import process from 'node:process'

import { encryptionMiddleware } from '@inngest/middleware-encryption'
import { Inngest, NonRetriableError } from 'inngest'

const quiet = { info() {}, warn() {}, error() {}, debug() {} }

/** Options for `serve()`. */
export function makeParts() {
  const client = new Inngest({ id: 'sdk-app', isDev: false, logger: quiet })
  const { SERVE_ORIGIN } = process.env
  return {
    client,
    functions: makeFunctions(client),
    ...(SERVE_ORIGIN !== undefined && { serveHost: SERVE_ORIGIN }),
  }
}

async function runTwoSteps({ step }) {
  const first = await step.run('first', () => ({ n: 1 }))
  return step.run('second', () => ({ n: 2, from: first }))
}

function makeFunctions(client) {
  return [
    client.createFunction({ id: 'echo' }, { event: 'test/echo' }, ({ event }) => ({
      received: event.data,
    })),
    client.createFunction({ id: 'two-steps' }, { event: 'test/two-steps' }, runTwoSteps),
    client.createFunction({ id: 'fails' }, { event: 'test/fails' }, () => {
      throw new NonRetriableError('as the test wants it')
    }),
    client.createFunction({ id: 'nothing' }, { event: 'test/nothing' }, () => null),
    client.createFunction(
      {
        id: 'encrypted',
        middleware: [encryptionMiddleware({ key: 'a-key-of-this-test-only' })],
      },
      { event: 'test/encrypted' },
      async ({ step }) => ({ secret: await step.run('secret', () => ({ n: 1 })) }),
    ),
  ]
}
