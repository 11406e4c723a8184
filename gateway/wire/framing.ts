/**
 * Where the body of a message ends (RFC 9112 6.3). Stricter than that: whatever two readers could
 * understand in two ways is not understood at all.
 */
import type { HeaderSection } from './header-section.ts'

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** The end of the connection is the end of the body. Only of responses. */
  | { readonly kind: 'until-close' }

const NO_BODY: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
const UNTIL_CLOSE: Framing = { kind: 'until-close' }

/** Fifteen digits are exact as a number. */
const LENGTH = /^\d{1,15}$/

/**
 * - `contradictory`: lengths that are no numbers or more than one, or a length with `Transfer-Encoding`.
 * - `unknown-coding`: anything but `chunked`, once, in HTTP/1.1 (RFC 9112 6.1, 7).
 */
export type FramingProblem = 'contradictory' | 'unknown-coding'

export function framingOfRequest(
  section: HeaderSection,
  httpVersion: string,
): Framing | FramingProblem {
  return announcedFraming(section, httpVersion) ?? NO_BODY
}

/** @param method of the request that this responds to. */
export function framingOfResponse(
  section: HeaderSection,
  httpVersion: string,
  status: number,
  method: string,
): Framing | FramingProblem {
  // Such a response ends with its headers, whatever they say of a body.
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY
  return announcedFraming(section, httpVersion) ?? UNTIL_CLOSE
}

function announcedFraming(
  { contentLengths, transferEncodings }: HeaderSection,
  httpVersion: string,
): Framing | FramingProblem | undefined {
  if (transferEncodings.length > 0) {
    if (contentLengths.length > 0) return 'contradictory'
    const [coding = ''] = transferEncodings
    const isKnown = transferEncodings.length === 1 && coding.toLowerCase() === 'chunked'
    return isKnown && httpVersion === '1.1' ? CHUNKED : 'unknown-coding'
  }
  const [length] = contentLengths
  if (length === undefined) return undefined
  if (contentLengths.length > 1 || !LENGTH.test(length)) return 'contradictory'
  return length === '0' ? NO_BODY : { kind: 'length', bytes: Number(length) }
}
