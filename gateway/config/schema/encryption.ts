/**
 * The parts of a route's function calls that must be encrypted, and the settings of the app's encryption
 * middleware.
 */
import { z } from 'zod'

import type { EncryptionPolicy } from '../../admit/policy.ts'
import { payloadRules, plainSteps } from '../../inngest/payload-encryption.ts'

const strategy = z.string().refine((value) => /^[!#-[\]-~]{1,128}$/.test(value), {
  error:
    'the identifier of an encryption service: visible ASCII without spaces, quotes and backslashes',
})

/** With `data.`, no event would have such a field, so nothing would be checked. */
const eventField = z
  .string()
  .refine((value) => value !== '' && value.length <= 128 && !/^(?:event\.)?data\./.test(value), {
    error: 'the name of a field of data, such as encrypted, of 1 to 128 characters',
  })

const middleware = z.strictObject({
  eventField: eventField
    .default('encrypted')
    .describe(
      'Name of the field of an event’s `data` that is encrypted; `eventEncryptionField` of the middleware. Default encrypted.',
    ),
  strategies: z
    .array(strategy)
    .default([])
    .describe(
      'Identifiers of your own encryption services (`encryptionService` of the middleware), besides those of Inngest. Default: none.',
    ),
  plainSteps: z
    .array(z.enum(plainSteps))
    .default([])
    .describe(
      'Results of steps that are allowed in plain, recognized by their members: those of `fetch` (`step.fetch`) and `signal` (`step.waitForSignal`), which Inngest makes itself. Default: none.',
    ),
})

/** Keys of a route. */
export const encryptionKeys = {
  encryption: z
    .enum(['off', 'report', 'require'])
    .default('off')
    .describe(
      'Whether function calls must carry encrypted what the SDKs’ encryption middleware encrypts: the event field and the results of steps. `require` refuses others, `report` counts, logs and forwards them. `require` needs `checks.signature: enforce`. Default off.',
    ),
  encryptionMiddleware: middleware
    .optional()
    .describe('How the encryption middleware of the app is configured.'),
}

type Middleware = z.output<typeof middleware>

export type EncryptionConfig = {
  readonly encryption: 'off' | 'report' | 'require'
  readonly encryptionMiddleware?: Middleware | undefined
}

/** With defaults, for `print-config`. */
export function middlewareOf({ encryptionMiddleware }: EncryptionConfig): Middleware {
  return encryptionMiddleware ?? middleware.parse({})
}

export function compileEncryption(config: EncryptionConfig): EncryptionPolicy | undefined {
  const { encryption } = config
  if (encryption === 'off') return undefined
  const mode = encryption === 'require' ? 'enforce' : 'report'
  return { mode, rules: payloadRules(middlewareOf(config)) }
}
