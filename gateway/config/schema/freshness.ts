/** How old, and how far ahead, a signature may be. */
import { z } from 'zod'

import { integer } from './integer.ts'

export const freshnessSchema = z.strictObject({
  maxAgeSeconds: integer(1, 3600, 300, 'Oldest acceptable signature, in seconds.'),
  clockToleranceSeconds: integer(0, 3600, 300, 'How far ahead a signature may be, in seconds.'),
})
