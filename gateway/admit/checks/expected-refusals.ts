/**
 * Refusals that honest senders cause have reasons of their own, so that an alert on the other reasons is
 * meaningful. Inngest Cloud tries the keys of its environments in turn on an introspection (inngest-js pull
 * request 1609), and CI syncs with a plain `curl -X PUT`.
 */
import type { Reason } from '../reasons.ts'
import { refuse, type Verdict } from '../verdict.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'

const UNSIGNED: Readonly<Record<string, Reason>> = {
  GET: 'introspection_unsigned',
  PUT: 'sync_unsigned',
}

export function nameExpectedRefusal<T>(verdict: Verdict<T>, head: RequestHead): Verdict<T> {
  if (verdict.ok) return verdict
  switch (verdict.reason) {
    case 'signature_missing':
    case 'client_not_allowed': {
      const reason = isUnsigned(head) ? UNSIGNED[head.method] : undefined
      return reason === undefined ? verdict : refuse(reason)
    }
    case 'signature_mismatch':
      return head.method === 'GET' ? refuse('introspection_mismatch') : verdict
    default:
      return verdict
  }
}

function isUnsigned({ rawHeaders }: RequestHead): boolean {
  return fieldValues(rawHeaders, 'x-inngest-signature').every((value) => value === '')
}
