/**
 * Checks that the header section has only one reading, so that no later intermediary can see another request
 * than the one that was checked.
 */
import { pass, refuse, type Verdict } from '../verdict.ts'
import { memoizedName } from '../memoized.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'

/** Fields that affect a decision here or in the app's SDK: each may occur once, in visible ASCII. */
const SINGLE = /^(?:host|content-length|content-type|expect|x-run-id|x-inngest-.*)$/

/**
 * A duplicate X-Inngest-Signature has a reason of its own (credentials.ts), and so has a duplicate Host
 * (route.ts).
 */
const COUNTED_ELSEWHERE = new Set(['host', 'x-inngest-signature'])

export function checkFraming(head: RequestHead, maxHeaderCount: number): Verdict<undefined> {
  const { rawHeaders, httpVersion } = head
  // This is the gateway's own limit, because Node's limit left headers out (CVE-2026-58044).
  if (rawHeaders.length / 2 > maxHeaderCount) return refuse('headers_too_many')
  if (!isFramedOnce(rawHeaders, httpVersion)) return refuse('framing_ambiguous')
  const fields = checkFields(rawHeaders)
  if (!fields.ok) return fields
  const expectations = fieldValues(rawHeaders, 'expect')
  const isKnown = expectations.every((value) => value.toLowerCase() === '100-continue')
  return isKnown ? pass(undefined) : refuse('expectation_unknown')
}

/**
 * RFC 9112 6.1: `chunked` must be the only coding, occur once, and not in HTTP/1.0. 6.3: it must not come with
 * a length, and there is at most one length.
 */
function isFramedOnce(rawHeaders: readonly string[], httpVersion: string): boolean {
  const encodings = fieldValues(rawHeaders, 'transfer-encoding')
  const lengths = fieldValues(rawHeaders, 'content-length')
  if (encodings.length === 0) {
    return lengths.length < 2 && lengths.every((length) => /^\d{1,15}$/.test(length))
  }
  const isChunked = encodings.length === 1 && encodings[0]?.toLowerCase() === 'chunked'
  return isChunked && lengths.length === 0 && httpVersion === '1.1'
}

/** The lower-case name if the field may occur only once; empty otherwise. */
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
