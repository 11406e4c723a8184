/**
 * Whether the signed body of a function call has an id that Inngest's server makes anew for each dispatch:
 * `ctx.request_id` (servers from 1.19.3) or `ctx.qi_id` (from 1.13.5). If so, no two calls share a MAC; if not,
 * parallel steps of older servers do.
 */
import type { Body } from './body.ts'
import { memberText } from './jcs/canonical-member.ts'
import { isSpelledOneWay, KnownNames } from './known-names.ts'

/**
 * The longest recorded members before `ctx.stack` had 330 bytes, so the first size mostly suffices. The second
 * is longer than they ever get.
 */
const LOOKS_BYTES = [512, 2048]

/** Scalars in canonical form, which has no white space. */
const STRING = '"(?:[^"\\\\]|\\\\.)*"'
const SCALAR = `(?:${STRING}|-?[0-9][0-9.eE+-]*|true|false|null)`

/** `qi_id` is `base64("::")` where the server has no queue item. */
const DISPATCH_ID = `(?:"request_id":(?!"")|"qi_id":(?!""|"Ojo="))${STRING}[,}]`

/**
 * One expression for all members: it is tested for every call, and a match for each member would allocate an
 * object each time.
 */
const CTX_WITH_DISPATCH_ID = new RegExp(
  String.raw`^\{"ctx":\{(?:"[a-z_]+":${SCALAR},)*?${DISPATCH_ID}`,
)

/**
 * A cheap test of the first members. Canonical JSON sorts `ctx` first and these two before the long
 * `ctx.stack`, so that it finds the id of a usual call.
 * @returns false also for a body with an id but an unusual start.
 */
export function carriesDispatchId(signed: Body): boolean {
  return LOOKS_BYTES.some((bytes) => CTX_WITH_DISPATCH_ID.test(signed.startText(bytes)))
}

/** Values that identify no dispatch. */
const NO_REQUEST = new Set([undefined, 'null', '""'])
const NO_QUEUE_ITEM = new Set([...NO_REQUEST, '"Ojo="'])

const KNOWN = {
  body: new KnownNames(['ctx']),
  ctx: new KnownNames(['request_id', 'qi_id']),
}

/**
 * Whether a body is a call (it has a `ctx`) that certainly has neither id.
 * @param canonical the result of `canonicalizeJson` for the whole body.
 */
export function lacksDispatchId(canonical: Uint8Array): boolean {
  // An app may read an id under another spelling of its name.
  if (!isSpelledOneWay(canonical, KNOWN)) return false
  const requestId = memberText(canonical, ['ctx', 'request_id'])
  const queueItemId = memberText(canonical, ['ctx', 'qi_id'])
  if (requestId === 'unknown' || queueItemId === 'unknown') return false
  return NO_REQUEST.has(requestId.text) && NO_QUEUE_ITEM.has(queueItemId.text)
}
