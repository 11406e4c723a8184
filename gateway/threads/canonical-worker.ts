/** The program of a thread in canonical-pool.ts: receives bodies, and sends the canonical form of each, or none. */
import { parentPort } from 'node:worker_threads'

import { canonicalizeJson } from '../inngest/jcs/canonical-json.ts'
import type { CanonicalJob } from './canonical-thread.ts'

parentPort?.on('message', ({ body, mayRound }: CanonicalJob) => {
  const canonical = canonicalizeJson(body, mayRound)
  // Transferred and not copied: this thread does not need the buffer any more.
  parentPort?.postMessage(canonical, canonical === undefined ? [] : [canonical.buffer])
})
