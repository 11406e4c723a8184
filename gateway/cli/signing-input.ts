/** The key and body for `sign` and `verify`. */
import { readFileSync } from 'node:fs'

import { readKeyFromEnv, type Environment } from '../config/read/resolve-keys.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import { messageOf, printError } from './print.ts'

export interface SigningInput {
  readonly key: SigningKey
  readonly body: Uint8Array
}

/**
 * @param bodyFile `-` is standard input, undefined an empty body.
 * @returns undefined after printing the problem.
 */
export function readSigningInput(
  keyEnv: string,
  bodyFile: string | undefined,
  env: Environment,
): SigningInput | undefined {
  const reading = readKeyFromEnv(keyEnv, env)
  if (!reading.ok) {
    printError(`expected ${reading.expected}, found ${reading.found}`)
    return undefined
  }
  try {
    const body =
      bodyFile === undefined ? Buffer.alloc(0) : readFileSync(bodyFile === '-' ? 0 : bodyFile)
    return { key: reading.key, body }
  } catch (error) {
    printError(`cannot read the body: ${messageOf(error)}`)
    return undefined
  }
}
