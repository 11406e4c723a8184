/**
 * Whether a function call's signed body carries an id that Inngest's server makes anew for each
 * dispatch: `ctx.request_id` (servers from 1.19.3) or `ctx.qi_id` (from 1.13.5). With one, no two
 * calls share a MAC; without, parallel steps of older servers do.
 *
 * Canonical JSON sorts `ctx` first and these two before the long `ctx.stack`, so a look at the
 * first members decides and the body, up to 10 MiB, is never parsed for it.
 */
import type { Body } from '../body.ts'

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

/** @param canonical the bytes that the signature covers. */
export function carriesDispatchId(canonical: Body): boolean {
  return LOOKS_BYTES.some((bytes) => CTX_WITH_DISPATCH_ID.test(canonical.startText(bytes)))
}
