/** A request head for tests of the checks: an ordinary call, with the changes of the test. */
import type { RequestHead } from '../../gateway/admit/request-head.ts'

export function headOf(changes: Partial<RequestHead> = {}): RequestHead {
  return {
    method: 'POST',
    target: '/api/inngest',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'a'],
    isUpgrade: false,
    connection: { remoteAddress: '192.0.2.1', isEncrypted: false, proxied: undefined },
    ...changes,
  }
}
