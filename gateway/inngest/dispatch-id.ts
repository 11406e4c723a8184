/**
 * Whether a function call's signed body carries an id that Inngest's server makes anew for each
 * dispatch: `ctx.request_id` (servers from 1.19.3) or `ctx.qi_id` (from 1.13.5). With one, no two
 * calls share a MAC; without, parallel steps of older servers do.
 */
import type { Body } from './body.ts'
import { memberText } from './jcs/canonical-member.ts'
import { isSpelledOneWay, KnownNames } from './known-names.ts'

/**
 * The longest recorded members before `ctx.stack` were 330 bytes, so the first look mostly decides; the
 * second is longer than they ever get.
 */
const LOOKS_BYTES = [512, 2048]

/** Scalars in canonical form, which has no white space. */
const STRING = '"(?:[^"\\\\]|\\\\.)*"'
const SCALAR = `(?:${STRING}|-?[0-9][0-9.eE+-]*|true|false|null)`

/** `qi_id` is `base64("::")` where a server has no queue item to name. */
const DISPATCH_ID = `(?:"request_id":(?!"")|"qi_id":(?!""|"Ojo="))${STRING}[,}]`

/** One expression for all members: it is tested for every call, and a match each would be an object each. */
const CTX_WITH_DISPATCH_ID = new RegExp(
  String.raw`^\{"ctx":\{(?:"[a-z_]+":${SCALAR},)*?${DISPATCH_ID}`,
)

/**
 * A cheap look at the first members. Canonical JSON sorts `ctx` first and these two before the long
 * `ctx.stack`, so that for usual calls it finds the id.
 * @returns false also for a body with an id that begins in another way than usual.
 */
export function carriesDispatchId(signed: Body): boolean {
  return LOOKS_BYTES.some((bytes) => CTX_WITH_DISPATCH_ID.test(signed.startText(bytes)))
}

/** Texts of a member that names no dispatch. */
const NO_REQUEST = new Set([undefined, 'null', '""'])
const NO_QUEUE_ITEM = new Set([...NO_REQUEST, '"Ojo="'])

const KNOWN = {
  body: new KnownNames(['ctx']),
  ctx: new KnownNames(['request_id', 'qi_id']),
}

/**
 * Whether a body is a call (it has a `ctx`) that surely has neither id.
 * @param canonical what `canonicalizeJson` made of the whole body.
 */
export function lacksDispatchId(canonical: Uint8Array): boolean {
  // An app may read an id under another spelling of its name.
  if (!isSpelledOneWay(canonical, KNOWN)) return false
  const requestId = memberText(canonical, ['ctx', 'request_id'])
  const queueItemId = memberText(canonical, ['ctx', 'qi_id'])
  if (requestId === 'unknown' || queueItemId === 'unknown') return false
  return NO_REQUEST.has(requestId.text) && NO_QUEUE_ITEM.has(queueItemId.text)
}
