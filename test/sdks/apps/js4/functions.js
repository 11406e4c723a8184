/** What every app of this folder serves: the functions that the battery calls (test/sdks/README.md). */
import process from 'node:process'

import { Inngest, NonRetriableError } from 'inngest'

const quiet = { info() {}, warn() {}, error() {}, debug() {} }

/** @param more options of the client that only some adapters have. */
export function makeClient(more = {}) {
  return new Inngest({ id: 'sdk-app', isDev: false, checkpointing: false, logger: quiet, ...more })
}

/** Options for `serve()`. */
export function makeParts(client = makeClient()) {
  const { SERVE_ORIGIN } = process.env
  return {
    client,
    functions: makeFunctions(client),
    ...(SERVE_ORIGIN !== undefined && { serveOrigin: SERVE_ORIGIN }),
  }
}

async function runTwoSteps({ step }) {
  const first = await step.run('first', () => ({ n: 1 }))
  return step.run('second', () => ({ n: 2, from: first }))
}

function makeFunctions(client) {
  return [
    client.createFunction({ id: 'echo', triggers: [{ event: 'test/echo' }] }, ({ event }) => ({
      received: event.data,
    })),
    client.createFunction(
      { id: 'two-steps', triggers: [{ event: 'test/two-steps' }] },
      runTwoSteps,
    ),
    client.createFunction(
      { id: 'checkpointed', triggers: [{ event: 'test/checkpointed' }], checkpointing: true },
      runTwoSteps,
    ),
    client.createFunction({ id: 'fails', triggers: [{ event: 'test/fails' }] }, () => {
      throw new NonRetriableError('as the test wants it')
    }),
    client.createFunction({ id: 'nothing', triggers: [{ event: 'test/nothing' }] }, () => null),
  ]
}
