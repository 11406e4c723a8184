/** Why the text of a list could not be had, as opposed to what is wrong with it (range-list.ts). */

export const MAX_LIST_BYTES = 65_536
export const MAX_REDIRECTS = 3

/** A sentence for the operator each. */
export const listFaults = {
  unreachable: 'It could not be reached or read.',
  status: `The answer was not 200, or the last of more than ${String(MAX_REDIRECTS)} redirects.`,
  too_large: `It is longer than ${String(MAX_LIST_BYTES)} bytes.`,
  insecure_redirect: 'It leads to something that is not https.',
  timeout: 'It did not come in time.',
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
