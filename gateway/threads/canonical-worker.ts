/** A thread of the pool in canonical-pool.ts: bodies in, the canonical form of each, or none, out. */
import { parentPort } from 'node:worker_threads'

import { canonicalizeJson } from '../inngest/jcs/canonical-json.ts'
import type { CanonicalJob } from './canonical-thread.ts'

parentPort?.on('message', ({ body, mayRound }: CanonicalJob) => {
  const canonical = canonicalizeJson(body, mayRound)
  // Handed over, not copied: what it was written into is of no use here any more.
  parentPort?.postMessage(canonical, canonical === undefined ? [] : [canonical.buffer])
})
