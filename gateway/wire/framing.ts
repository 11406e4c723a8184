/**
 * Where the body of a message ends (RFC 9112 6.3). Stricter than the RFC: framing that two readers could
 * understand in two ways is refused.
 */
import type { HeaderSection } from './header-section.ts'

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** The body ends with the connection. For responses only. */
  | { readonly kind: 'until-close' }

const NO_BODY: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
const UNTIL_CLOSE: Framing = { kind: 'until-close' }

/** Node's parser does not accept a tab after the value. */
const CHUNKED_CODING = /^[\t ]*chunked *$/i

/** A number of fifteen digits is exact in JavaScript. */
const LENGTH = /^\d{1,15}$/

/** Undefined if the message does not say clearly where its body ends. */
type FoundFraming = Framing | undefined

export function framingOfRequest(section: HeaderSection, httpVersion: string): FoundFraming {
  return isAnnounced(section) ? announcedFraming(section, httpVersion) : NO_BODY
}

/** @param method of the request for this response. */
export function framingOfResponse(
  section: HeaderSection,
  httpVersion: string,
  status: number,
  method: string,
): FoundFraming {
  const announced = isAnnounced(section) ? announcedFraming(section, httpVersion) : UNTIL_CLOSE
  const hasBody = !(method === 'HEAD' || status < 200 || status === 204 || status === 304)
  if (hasBody || (announced === undefined && !isOnlyCoded(section))) return announced
  // Such a response ends with its headers, whatever they say about a body.
  return NO_BODY
}

function isOnlyCoded({ contentLengths, transferEncodings }: HeaderSection): boolean {
  return contentLengths.length === 0 && transferEncodings.every((coding) => coding.trim() !== '')
}

function isAnnounced({ contentLengths, transferEncodings }: HeaderSection): boolean {
  return contentLengths.length > 0 || transferEncodings.length > 0
}

/**
 * Accepts one length of digits, or, in HTTP/1.1, one `chunked` (RFC 9112 6.1, 6.2, 7). Never both, which is used
 * for request smuggling (RFC 9112 11.2).
 */
function announcedFraming(
  { contentLengths, transferEncodings }: HeaderSection,
  httpVersion: string,
): FoundFraming {
  const [coding] = transferEncodings
  const [length = ''] = contentLengths
  if (coding !== undefined) {
    const isAlone = transferEncodings.length === 1 && contentLengths.length === 0
    const isKnown = CHUNKED_CODING.test(coding) && httpVersion === '1.1'
    return isAlone && isKnown ? CHUNKED : undefined
  }
  if (contentLengths.length > 1 || !LENGTH.test(length)) return undefined
  const bytes = Number(length)
  return bytes === 0 ? NO_BODY : { kind: 'length', bytes }
}
