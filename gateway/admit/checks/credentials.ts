/** What the sender claims: exactly one well-formed `X-Inngest-Signature`. */
import { parseSignatureHeader, type Credentials } from '../../inngest/signature-header.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { fieldValues } from '../request-head.ts'

/**
 * Implementations differ in which of two equal headers they take, so that one could verify what another
 * does not use (Envoy CVE-2020-25017): there must be exactly one.
 */
export function checkCredentials(rawHeaders: readonly string[]): Verdict<Credentials> {
  const values = fieldValues(rawHeaders, 'x-inngest-signature')
  const [value] = values
  // Inngest's dev server sends the field empty; that is no signature, not a bad one.
  if (value === undefined || (values.length === 1 && value === '')) {
    return refuse('signature_missing')
  }
  if (values.length > 1) return refuse('signature_malformed')
  const credentials = parseSignatureHeader(value)
  return credentials === undefined ? refuse('signature_malformed') : pass(credentials)
}
