/** Why the text of a list could not be read. Problems within a list are in range-list.ts. */

export const MAX_LIST_BYTES = 65_536
export const MAX_REDIRECTS = 3

/** One sentence for the operator for each fault. */
export const listFaults = {
  unreachable: 'The server of the list could not be reached, or the file could not be read.',
  status: `The response was not 200, or the last of more than ${String(MAX_REDIRECTS)} redirects.`,
  too_large: `The list is longer than ${String(MAX_LIST_BYTES)} bytes.`,
  insecure_redirect: 'The URL redirects to a URL that is not https.',
  timeout: 'The list did not arrive within `inngestRanges.timeout`.',
} as const satisfies Record<string, string>

export type ListFaultCode = keyof typeof listFaults

export class ListFault extends Error {
  readonly code: ListFaultCode

  constructor(code: ListFaultCode, cause?: unknown) {
    super(listFaults[code], { cause })
    this.name = 'ListFault'
    this.code = code
  }
}
