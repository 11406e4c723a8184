/**
 * Whether the header section can be read in one way only, so that no later intermediary can see another
 * request than the one that was checked.
 */
import { pass, refuse, type Verdict } from '../verdict.ts'
import { memoizedName } from '../memoized.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'

/** Fields that decide something here or in the app's SDK: alone, and in visible ASCII. */
const SINGLE = /^(?:host|content-length|content-type|expect|x-run-id|x-inngest-.*)$/

/** X-Inngest-Signature has a reason of its own when doubled (credentials.ts). */
const COUNTED_ELSEWHERE = new Set(['host', 'x-inngest-signature'])

export function checkFraming(head: RequestHead, maxHeaderCount: number): Verdict<undefined> {
  const { rawHeaders, httpVersion } = head
  // The limit is the gateway's own, since Node's left headers out (CVE-2026-58044).
  if (rawHeaders.length / 2 > maxHeaderCount) return refuse('headers_too_many')
  if (!isFramedOnce(rawHeaders, httpVersion)) return refuse('framing_ambiguous')
  const fields = checkFields(rawHeaders)
  if (!fields.ok) return fields
  const expectations = fieldValues(rawHeaders, 'expect')
  const isKnown = expectations.every((value) => value.toLowerCase() === '100-continue')
  return isKnown ? pass(undefined) : refuse('expectation_unknown')
}

/** RFC 9112 6.1: `chunked` alone and once, and not in HTTP/1.0; 6.3: never with a length; one length at most. */
function isFramedOnce(rawHeaders: readonly string[], httpVersion: string): boolean {
  const encodings = fieldValues(rawHeaders, 'transfer-encoding')
  const lengths = fieldValues(rawHeaders, 'content-length')
  if (encodings.length === 0) {
    return lengths.length < 2 && lengths.every((length) => /^\d{1,15}$/.test(length))
  }
  const isChunked = encodings.length === 1 && encodings[0]?.toLowerCase() === 'chunked'
  return isChunked && lengths.length === 0 && httpVersion === '1.1'
}

/** Its lower-case name if the field has to be alone; empty otherwise. */
const singleName = memoizedName((name) => {
  const lowerName = name.toLowerCase()
  return SINGLE.test(lowerName) ? lowerName : ''
})

function checkFields(rawHeaders: readonly string[]): Verdict<undefined> {
  const seen: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = singleName(rawHeaders[i] ?? '')
    if (name === '') continue
    // Intermediaries decode other bytes differently (Envoy CVE-2026-73552).
    if (/[^\t\x20-\x7e]/.test(rawHeaders[i + 1] ?? '')) return refuse('header_malformed')
    if (seen.includes(name) && !COUNTED_ELSEWHERE.has(name)) return refuse('header_duplicated')
    seen.push(name)
  }
  return pass(undefined)
}
