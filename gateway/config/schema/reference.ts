/** What a configuration names instead of holding it itself. */
import { z } from 'zod'

export const file = z.string().min(1)

/** Where a secret is: the configuration never holds one. */
export const secret = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file })],
  {
    error: 'a reference, env: NAME or file: /path',
  },
)
