/**
 * The key that copies are signed with. It is published, so that anyone can verify and replay a recording, and
 * must protect nothing: its text says so in hexadecimal ASCII.
 */
import { SigningKey } from '../inngest/signing-key.ts'

const TEXT = Buffer.from('published key, protects nothing!').toString('hex')

export const publishedTestKey = `signkey-test-${TEXT}`

export function readTestKey(): SigningKey {
  const key = SigningKey.parse('published test key', publishedTestKey)
  if (key === undefined) throw new Error('the published test key is no key')
  return key
}
