/** The body of a verified request with other values. */
import { isUtf8 } from 'node:buffer'

import { fill } from './fill.ts'
import { redactDocument, type Replace } from './json-document.ts'
import type { Placeholders } from './placeholders.ts'
import { publicText, redactUrl } from './target.ts'

/** Ids in `ctx` that headers and parameters repeat. */
const IDS = new Set([
  'fn_id',
  'generation_id',
  'job_id',
  'qi_id',
  'request_id',
  'run_id',
  'step_id',
])

/** What OpenSSL's format begins with, and the names of Inngest's formats of encrypted text. */
const SALTED = 'U2FsdGVkX1'
const STRATEGIES = new Set(['inngest/libsodium', 'inngest/aes'])

/** @returns text of as many bytes. @throws Unredactable */
export function redactBody(body: Uint8Array, placeholders: Placeholders): string {
  if (!isUtf8(body)) return 'x'.repeat(body.byteLength)
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  return redactDocument(text, replaceWith(placeholders)) ?? fill(text)
}

function replaceWith(placeholders: Placeholders): Replace {
  return ([first, second, ...others], value) => {
    if (STRATEGIES.has(value)) return value
    if (value.startsWith(SALTED)) return SALTED + fill(value.slice(SALTED.length))
    if (others.length > 0 || first === undefined) return undefined
    if (second === undefined) return ofBody(first, value, placeholders)
    return first === 'ctx' && IDS.has(second) ? redactId(value, placeholders) : undefined
  }
}

function ofBody(name: string, value: string, placeholders: Placeholders): string | undefined {
  if (name === 'version') return redactVersion(value)
  return name === 'url' ? redactUrl(value, placeholders) : undefined
}

/** Of the protocol between Inngest and the SDK: a small number, which says nothing of an app. */
export function redactVersion(value: string): string | undefined {
  return /^-?\d{1,2}$/.test(value) ? value : undefined
}

/** Also as a header or parameter. */
export function redactId(value: string, placeholders: Placeholders): string {
  if (publicText.has(value)) return value
  return value.startsWith('-') ? `-${placeholders.of(value.slice(1))}` : placeholders.of(value)
}
