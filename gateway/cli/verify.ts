/** `verify`: checks whether a body, header and key match and, if not, explains why. */
import { checkCredentials } from '../admit/checks/credentials.ts'
import { checkFreshness } from '../admit/checks/freshness.ts'
import { verifySignature } from '../admit/checks/signature.ts'
import { freshnessSchema } from '../config/schema/checks.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { reasons, type Reason } from '../admit/reasons.ts'
import { readSigningInput } from './signing-input.ts'
import { printError } from './print.ts'

export interface VerifyOptions {
  readonly header: string
  readonly keyEnv: string
  readonly body?: string
  /** A duration in the notation of the configuration; default as in the configuration. */
  readonly maxAge?: string
  readonly clockTolerance?: string
}

/** @returns 0 if it matches, 1 if not, 2 if it could not be checked. */
export function verify(options: VerifyOptions, env: Environment, nowMs: number): number {
  const { maxAge, clockTolerance } = options
  const maxAgeSeconds = readSeconds('--max-age', 'maxAge', maxAge)
  const clockToleranceSeconds = readSeconds('--clock-tolerance', 'clockTolerance', clockTolerance)
  if (maxAgeSeconds === undefined || clockToleranceSeconds === undefined) return 2
  const input = readSigningInput(options.keyEnv, options.body, env)
  if (input === undefined) return 2
  const credentials = checkCredentials(['x-inngest-signature', options.header])
  if (!credentials.ok) return explain(credentials.reason)
  const signature = verifySignature(input.body, credentials.value, [input.key])
  if (!signature.ok) return explain(signature.reason)
  const { form } = signature.value
  console.log(
    `the signature matches the ${form === 'raw' ? 'body as received' : 'RFC 8785 form of the body'}`,
  )
  const freshness = { maxAgeSeconds, clockToleranceSeconds }
  const fresh = checkFreshness(credentials.value.timestampSeconds, freshness, nowMs)
  if (!fresh.ok) return explain(fresh.reason)
  console.log(`signature age: ${String(fresh.value)} s`)
  return 0
}

/** @returns undefined after printing to stderr that the value is invalid. */
function readSeconds(
  option: string,
  key: keyof typeof freshnessSchema.shape,
  text: string | undefined,
): number | undefined {
  const parsed = freshnessSchema.shape[key].safeParse(text)
  if (parsed.success) return parsed.data
  const expected = parsed.error.issues.map(({ message }) => message).join()
  printError(`${option}: expected ${expected}, found ${JSON.stringify(text)}`)
  return undefined
}

function explain(reason: Reason): number {
  console.log(`${reason}: ${reasons[reason].meaning}`)
  return 1
}
