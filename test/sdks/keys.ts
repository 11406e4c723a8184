/** Signing keys that open nothing. */
export const keys = {
  current: 'signkey-test-5d1f3c9a7be04c62a8d90e41b7f2365c5d1f3c9a7be04c62a8d90e41b7f2365c',
  fallback: 'signkey-test-90817263544536271809fafbfcfdfeff90817263544536271809fafbfcfdfeff',
  /** Of nobody. */
  foreign: 'signkey-test-deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
} as const
