/**
 * Whether a function call's signed body carries an id that Inngest's server makes anew for each
 * dispatch: `ctx.request_id` (servers from 1.19.3) or `ctx.qi_id` (from 1.13.5). With one, no two
 * calls share a MAC; without, parallel steps of older servers do.
 *
 * Canonical JSON sorts `ctx` first and these two before the long `ctx.stack`, so a look at the
 * first members decides and the body, up to 10 MiB, is never parsed for it.
 */
import type { Body } from '../body.ts'

/** More than the members before `ctx.stack` ever take; the longest recorded were 330 bytes. */
const HEAD_BYTES = 2048

const CTX_START = /^\{"ctx":\{/

/** One scalar member and the comma after it, in canonical form: no white space. */
const SCALAR_MEMBER = /"([a-z_]+)":("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null)[,}]/y

/** `base64("::")`: what a server without a queue item writes. */
const EMPTY_QUEUE_ITEMS = new Set(['""', '"Ojo="'])

/** @param canonical the bytes that the signature covers. */
export function carriesDispatchId(canonical: Body): boolean {
  const head = canonical.startText(HEAD_BYTES)
  const start = CTX_START.exec(head)
  if (start === null) return false
  SCALAR_MEMBER.lastIndex = start[0].length
  for (let member = SCALAR_MEMBER.exec(head); member; member = SCALAR_MEMBER.exec(head)) {
    const [, name, value] = member
    if (name !== undefined && value !== undefined && isDispatchId(name, value)) return true
    if (member[0].endsWith('}')) return false
  }
  return false
}

function isDispatchId(name: string, value: string): boolean {
  if (name === 'request_id') return value.startsWith('"') && value !== '""'
  return name === 'qi_id' && value.startsWith('"') && !EMPTY_QUEUE_ITEMS.has(value)
}
