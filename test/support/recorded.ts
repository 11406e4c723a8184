/** Recorded requests of a real Inngest server: test/vectors/README.md. */
import { readFileSync } from 'node:fs'

export interface RecordedRequest {
  readonly receivedAtMs: number
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

const file = new URL('../vectors/recorded/inngest-start-1.43-sdk-js-4.24.jsonl', import.meta.url)

export const recordedRequests = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordedRequest)

/** Made for the recording only. */
export const recordedKey = '1eaf61ea084285640bca13a0ae19d577ccbd215cb2ee92ad5db253d3655b1672'

export function recordedSignature({ headers }: RecordedRequest): string {
  return headers.find(([name]) => name === 'X-Inngest-Signature')?.[1] ?? ''
}
