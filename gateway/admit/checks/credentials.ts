/** Reads the credentials of the sender: exactly one well-formed `X-Inngest-Signature`. */
import { parseSignatureHeader, type Credentials } from '../../inngest/signature-header.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { fieldValues } from '../request-head.ts'

/**
 * There must be exactly one such header. Implementations differ in which of two equal headers they use, so one
 * could verify a value that another does not use (Envoy CVE-2020-25017).
 */
export function checkCredentials(rawHeaders: readonly string[]): Verdict<Credentials> {
  const values = fieldValues(rawHeaders, 'x-inngest-signature')
  const [value] = values
  // Inngest's dev server sends an empty header. That counts as missing, not as malformed.
  if (value === undefined || (values.length === 1 && value === '')) {
    return refuse('signature_missing')
  }
  if (values.length > 1) return refuse('signature_malformed')
  const credentials = parseSignatureHeader(value)
  return credentials === undefined ? refuse('signature_malformed') : pass(credentials)
}
