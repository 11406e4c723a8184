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

/** As sent: Node's parser takes no tab for the white space behind it. */
const CHUNKED_CODING = /^[\t ]*chunked *$/i

/** Fifteen digits are exact as a number. */
const LENGTH = /^\d{1,15}$/

/** Undefined: the message does not say clearly where its body ends. */
type FoundFraming = Framing | undefined

export function framingOfRequest(section: HeaderSection, httpVersion: string): FoundFraming {
  return isAnnounced(section) ? announcedFraming(section, httpVersion) : NO_BODY
}

/** @param method of the request that this responds to. */
export function framingOfResponse(
  section: HeaderSection,
  httpVersion: string,
  status: number,
  method: string,
): FoundFraming {
  const announced = isAnnounced(section) ? announcedFraming(section, httpVersion) : UNTIL_CLOSE
  const hasBody = !(method === 'HEAD' || status < 200 || status === 204 || status === 304)
  if (hasBody || (announced === undefined && !isOnlyCoded(section))) return announced
  // Such a response ends with its headers, however its body would be coded.
  return NO_BODY
}

function isOnlyCoded({ contentLengths, transferEncodings }: HeaderSection): boolean {
  return contentLengths.length === 0 && transferEncodings.every((coding) => coding.trim() !== '')
}

function isAnnounced({ contentLengths, transferEncodings }: HeaderSection): boolean {
  return contentLengths.length > 0 || transferEncodings.length > 0
}

/**
 * One length of digits, or `chunked` alone, once, in HTTP/1.1 (RFC 9112 6.1, 6.2, 7); never both, which is how
 * requests are smuggled (RFC 9112 11.2).
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
