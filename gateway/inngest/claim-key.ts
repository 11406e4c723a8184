/**
 * Under which key a verified request is claimed in the replay cache: the MAC alone wherever Inngest
 * never signs two requests alike, and the MAC with what tells two honest requests apart where it does.
 * The table is in docs/replicas.md, "What is claimed".
 */
import { createHash } from 'node:crypto'

import type { Body } from '../body.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { callParameters, type CallParameters } from './call-parameters.ts'
import { carriesDispatchId } from './dispatch-id.ts'

export interface ClaimSubject {
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
  if (subject.method === 'PUT') return pass(targetKey(subject, parameters))
  // The signed body decides before the unsigned query may: `&probe=trust` added to a captured call
  // must not give it a second key.
  if (strict || carriesDispatchId(subject.signedBody)) return pass(subject.mac)
  if (parameters.probe === 'trust') return pass(targetKey(subject, parameters))
  return pass(compositeKey('step', subject.mac, [parameters.fnId, parameters.stepId]))
}

function targetKey(
  { method, host, path, mac }: ClaimSubject,
  { probe, deployId }: CallParameters,
): Uint8Array {
  const parts = [method, host, path, probe, deployId]
  return compositeKey('target', mac, parts)
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
