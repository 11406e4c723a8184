/** What functions.js has, and a function with the encryption middleware. */
import { encryptionMiddleware } from '@inngest/middleware-encryption'

import { makeClient, makeParts as makePlainParts } from './functions.js'

/** Options for `serve()`. */
export function makeParts(client = makeClient()) {
  const { functions, ...others } = makePlainParts(client)
  return { ...others, functions: [...functions, makeEncrypted(client)] }
}

function makeEncrypted(client) {
  return client.createFunction(
    {
      id: 'encrypted',
      triggers: [{ event: 'test/encrypted' }],
      middleware: [encryptionMiddleware({ key: 'a-key-of-this-test-only' })],
    },
    async ({ step }) => ({ secret: await step.run('secret', () => ({ n: 1 })) }),
  )
}
