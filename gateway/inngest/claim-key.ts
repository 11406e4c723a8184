/**
 * Under which key a verified request is claimed in the replay cache. The table is DESIGN.md's
 * "Replay": the MAC alone wherever Inngest never signs two requests alike, and the MAC with what
 * tells two honest requests apart where it does.
 */
import { createHash } from 'node:crypto'

import { pass, refuse, type Verdict } from '../verdict.ts'
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
  readonly signedBody: Uint8Array
}

/**
 * @returns undefined for a request that is not claimed: a GET changes nothing, and equal signatures
 * within a second are normal there.
 */
export function claimKey(subject: ClaimSubject, strict: boolean): Verdict<Uint8Array | undefined> {
  const query = new URLSearchParams(subject.query)
  if (isRepeated(query, 'fnId') || isRepeated(query, 'stepId')) return refuse('target_ambiguous')
  if (subject.method === 'GET') return pass(undefined)
  if (subject.method === 'PUT') return pass(targetKey(subject, query))
  // The signed body decides before the unsigned query may: `&probe=trust` added to a captured call
  // must not give it a second key.
  if (strict || carriesDispatchId(subject.signedBody)) return pass(subject.mac)
  if (query.get('probe') === 'trust') return pass(targetKey(subject, query))
  return pass(compositeKey('step', subject.mac, [query.get('fnId'), query.get('stepId')]))
}

function isRepeated(query: URLSearchParams, name: string): boolean {
  return query.getAll(name).length > 1
}

function targetKey(subject: ClaimSubject, query: URLSearchParams): Uint8Array {
  const { method, host, path } = subject
  const parts = [method, host, path, query.get('probe'), query.get('deployId')]
  return compositeKey('target', subject.mac, parts)
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
