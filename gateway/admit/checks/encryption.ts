/** Checks that a function call has no plaintext where the route requires encryption. */
import type { PayloadReading } from '../../inngest/payload-encryption.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

const PASSING: ReadonlySet<PayloadReading> = new Set(['encrypted', 'use_api'])

export function checkEncryption(payload: PayloadReading): Verdict<undefined> {
  return PASSING.has(payload) ? pass(undefined) : refuse('payload_not_encrypted')
}
