/**
 * Under which key a verified request is claimed in the replay cache: the MAC alone, whatever the method
 * or the target, so that one signature has one use. The two exceptions are in docs/replicas.md, "What is
 * claimed".
 */
import { createHash } from 'node:crypto'

import type { Body } from '../body.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { callParameters } from './call-parameters.ts'
import { carriesDispatchId } from './dispatch-id.ts'
import { isOfOldServer } from './old-server.ts'

export interface ClaimSubject {
  /** Name of the route. */
  readonly route: string
  readonly method: string
  readonly host: string
  readonly path: string
  /** Raw query without `?`; empty if there is none. */
  readonly query: string
  /** The MAC that this gateway computed, never the header's text. */
  readonly mac: Uint8Array
  /** The bytes that the MAC covers. */
  readonly signedBody: Body
}

/**
 * @returns undefined for a request that is not claimed: a GET changes nothing, and equal signatures
 * within a second are normal there.
 */
export function claimKey(subject: ClaimSubject, strict: boolean): Verdict<Uint8Array | undefined> {
  const parameters = callParameters(subject.query)
  if (parameters.isAmbiguous) return refuse('target_ambiguous')
  if (subject.method === 'GET') return pass(undefined)
  // The signed body decides before the unsigned query may: a call that was used is no trust probe.
  if (subject.method !== 'POST' || carriesDispatchId(subject.signedBody)) return pass(subject.mac)
  // The body of a trust probe is constant, so that two apps probed in one second share a MAC.
  if (parameters.isTrustProbe) return pass(compositeKey('probe', subject.mac, [subject.route]))
  if (strict || !isOfOldServer(subject.signedBody)) return pass(subject.mac)
  return pass(compositeKey('step', subject.mac, [parameters.fnId, parameters.stepId]))
}

/** JSON gives each list of parts one spelling, so that no two lists share a key. */
function compositeKey(
  kind: string,
  mac: Uint8Array,
  parts: readonly (string | null)[],
): Uint8Array {
  return createHash('sha256')
    .update(mac)
    .update(JSON.stringify([kind, ...parts]))
    .digest()
}
