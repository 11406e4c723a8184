/**
 * Whether a function call comes from an Inngest server before 1.13.5, where parallel steps share one
 * signature: its signed body has no id that the server makes anew for each dispatch.
 */
import type { Body } from '../body.ts'
import { canonicalizeJson, maxInlineBytes } from './canonical-json.ts'
import { readCanonicalCall, readUsualCall } from './signed-call.ts'

/** `base64("::")`, where a server has no queue item to name. */
const EMPTY_QUEUE_ITEM = 'Ojo='

/**
 * False if in doubt: then the signature has one use, whatever `fnId` and `stepId` say. Only a strict
 * reading of the whole `ctx` shows that it has neither id.
 */
export function isOfOldServer(signed: Body): boolean {
  if (signed.byteLength === 0) return false
  const call = readUsualCall(signed) ?? readSmallCall(signed)
  if (call === undefined) return false
  const { requestId = '', queueItemId = '' } = call
  return requestId === '' && (queueItemId === '' || queueItemId === EMPTY_QUEUE_ITEM)
}

/** Longer bodies would hold up the event loop. */
function readSmallCall(signed: Body) {
  if (signed.byteLength > maxInlineBytes) return undefined
  const canonical = canonicalizeJson(signed.whole())
  return canonical && readCanonicalCall(canonical)
}
